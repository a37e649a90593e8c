type Environment = Readonly<Record<string, string | undefined>>;

/** The variables with a proxy's address that is no URL of a proxy, each with what it must be. */
export function proxyMistakes(env: Environment): string[] {
  return ["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"].flatMap((name) => {
    const value = env[name]?.trim();
    if (value === undefined || value === "") return [];
    const protocol = URL.parse(value)?.protocol ?? "";
    const supported = ["http:", "https:", "socks5:", "socks:"].includes(protocol);
    return supported ? [] : [`${name} must be the URL of a proxy, such as http://proxy.example.com:3128.`];
  });
}
