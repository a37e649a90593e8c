import type { ProviderStatus } from "@redis-memory-magic/protocol";
import { useId } from "react";
import { formatCost } from "../../texts/format.ts";
import { t } from "../../texts/texts.ts";
import { pricedModels } from "../state/pricing.ts";
import { changeSettings, useSettings } from "../state/settings.ts";
import "./priced-as.css";

const OWN = "";

/** Applies one model's prices to every answer, to show what memory would cost there. */
export function PricedAs({ providers }: { providers: readonly ProviderStatus[] }) {
  const id = useId();
  const { pricedAs } = useSettings();
  const models = pricedModels(providers);
  if (models.length === 0) return null;
  return (
    <div className="priced-as">
      <label htmlFor={id}>{t.inspector.pricedAs}</label>
      <select
        id={id}
        value={pricedAs ?? OWN}
        onChange={(event) =>
          changeSettings({ pricedAs: event.target.value === OWN ? null : event.target.value })
        }
      >
        <option value={OWN}>{t.inspector.ownPrice}</option>
        {models.map(({ id: model, price }) => (
          <option key={model} value={model}>
            {t.inspector.price(model, formatCost(price.input), formatCost(price.output))}
          </option>
        ))}
      </select>
    </div>
  );
}
