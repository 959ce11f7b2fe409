import { useEffect, useState } from "preact/hooks";
import { countText, text } from "../text.js";

interface Traffic {
  /** Files of this page that were fetched. */
  readonly own: number;
  /** Requests to anyone else: there must be none. */
  readonly foreign: number;
  /** What the security policy stopped. */
  readonly blocked: number;
}

const isOwn = (address: string) =>
  address.startsWith("blob:") ||
  address.startsWith("data:") ||
  new URL(address, location.href).origin === location.origin;

/** What the browser itself recorded of this page's requests. */
function useTraffic(): Traffic {
  const [traffic, setTraffic] = useState<Traffic>({ own: 0, foreign: 0, blocked: 0 });
  useEffect(() => {
    const observer = new PerformanceObserver((list) => {
      const foreign = list.getEntries().filter(({ name }) => !isOwn(name)).length;
      const own = list.getEntries().length - foreign;
      setTraffic((before) => ({ ...before, own: before.own + own, foreign: before.foreign + foreign }));
    });
    observer.observe({ type: "resource", buffered: true });
    const onViolation = () => setTraffic((before) => ({ ...before, blocked: before.blocked + 1 }));
    document.addEventListener("securitypolicyviolation", onViolation);
    return () => {
      observer.disconnect();
      document.removeEventListener("securitypolicyviolation", onViolation);
    };
  }, []);
  return traffic;
}

/** "0 bytes sent", and what that rests on. */
export function BytesSent() {
  const { own, foreign, blocked } = useTraffic();
  const isClean = foreign === 0;
  return (
    <details class={isClean ? "traffic" : "traffic alarming"}>
      <summary>
        <span aria-hidden="true">{isClean ? "●" : "▲"}</span> {isClean ? text("traffic.none") : text("traffic.some")}
      </summary>
      <div class="traffic-more">
        <p>{text("traffic.policy")}</p>
        <ul>
          <li>{countText("traffic.own", own)}</li>
          <li>{countText("traffic.foreign", foreign)}</li>
          {blocked > 0 && <li>{countText("traffic.blocked", blocked)}</li>}
        </ul>
      </div>
    </details>
  );
}
