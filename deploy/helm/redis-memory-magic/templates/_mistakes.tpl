{{/* Refuses settings that a server would refuse at its start, with its own sentences: helm.test.ts holds the two together. */}}
{{- define "mistakes" -}}
{{- $s := mergeOverwrite (deepCopy .Values.settings) .Values.secretSettings }}
{{- $auth := get $s "AUTH" | default "none" | toString }}
{{- $mistakes := list }}
{{- if and (eq $auth "none") (ne (get $s "ALLOW_UNAUTHENTICATED" | toString) "true") }}
{{- $mistakes = append $mistakes "HOST is \"0.0.0.0\", so other machines could use this server, and AUTH=none lets anybody in. Set AUTH to guest, keys or jwt; or keep HOST=127.0.0.1; or, where something else keeps strangers out, ALLOW_UNAUTHENTICATED=true." }}
{{- end }}
{{- if and (eq $auth "none") (get $s "ALLOWED_ORIGINS") }}
{{- $mistakes = append $mistakes "ALLOWED_ORIGINS needs authentication: set AUTH to guest, keys or jwt." }}
{{- end }}
{{- if has "jwt" (splitList "," $auth) }}
{{- $safe := "(?i)^(https://|http://(localhost|127([.][0-9]{1,3}){3}|\\[::1\\])(:[0-9]*)?([/?#]|$))" }}
{{- $issuer := get $s "OIDC_ISSUER" }}
{{- if not $issuer }}
{{- $mistakes = append $mistakes "AUTH=jwt needs OIDC_ISSUER, the address of the identity provider." }}
{{- else if and (kindIs "string" $issuer) (not (regexMatch $safe $issuer)) }}
{{- $mistakes = append $mistakes (printf "OIDC_ISSUER is %q: it must begin with https://, as keys come from there." $issuer) }}
{{- end }}
{{- if not (or (get $s "OIDC_AUDIENCE") (get $s "OIDC_CLIENT_ID")) }}
{{- $mistakes = append $mistakes "AUTH=jwt needs OIDC_AUDIENCE (to take access tokens), OIDC_CLIENT_ID (for a login on the page), or both." }}
{{- end }}
{{- $page := get $s "PUBLIC_URL" | default "" }}
{{- if and (get $s "OIDC_CLIENT_ID") (kindIs "string" $page) $page (not (regexMatch $safe $page)) }}
{{- $mistakes = append $mistakes (printf "PUBLIC_URL is %q: a login needs https://, as its cookie would be readable." $page) }}
{{- end }}
{{- end }}
{{- if and .Values.serviceMonitor.enabled (not (get .Values.secretSettings "METRICS_TOKEN")) }}
{{- $mistakes = append $mistakes "serviceMonitor.enabled needs secretSettings.METRICS_TOKEN: without it the servers show their metrics to nobody." }}
{{- end }}
{{- if $mistakes }}
{{- fail (printf "\n%s" (join "\n" $mistakes)) }}
{{- end }}
{{- end }}
