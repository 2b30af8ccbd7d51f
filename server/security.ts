/**
 * Who may talk to the server. A random token opens it: in the URL (once, a cookie takes over), in the Authorization
 * header, or in the cookie. Host and Origin are checked on every request and WebSocket, so that neither a page of another
 * site nor a name that was bound to 127.0.0.1 gets in.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { isIP } from "node:net";

export interface Security {
  /** Empty: no token is asked for (loopback only; the command line refuses it elsewhere). */
  readonly token: string;
  readonly host: string;
  readonly port: number;
  readonly scheme: "http" | "https";
}

export type Verdict =
  | { readonly ok: true; readonly byCookie: boolean }
  | { readonly ok: false; readonly reason: string };

const loopbackNames = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** Cookies know no port: its name carries it, so that two servers do not take each other's. */
export const cookieName = (security: Security): string => `inferlab-${security.port}`;

/** The cookie proves that one knew the token and does not give it away. */
export const cookieValue = (security: Security): string =>
  createHash("sha256").update(`cookie:${security.token}`).digest("base64url");

function equal(found: string | undefined, expected: string): boolean {
  const [a, b] = [found ?? "", expected].map((text) => createHash("sha256").update(text).digest());
  return timingSafeEqual(a!, b!);
}

/** `localhost:8888` and the like: loopback, or exactly the address that was bound. */
function hostAllowed(security: Security, host: string | undefined): boolean {
  if (!host) return false;
  const name = host.replace(/:\d+$/, "").toLowerCase();
  if (loopbackNames.has(name) || name === security.host.toLowerCase()) return true;
  // Bound to every address: any literal address is this machine's; a name is not known to be.
  return security.host === "0.0.0.0" && isIP(name.replace(/^\[|\]$/g, "")) !== 0;
}

function originAllowed(origin: string, host: string): boolean {
  try {
    return new URL(origin).host === host;
  } catch {
    return false; // "null" and other origins that are no URL
  }
}

function cookieOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  for (const part of (headers.cookie ?? "").split(";")) {
    const [key, ...value] = part.trim().split("=");
    if (key === name) return value.join("=");
  }
  return undefined;
}

/** Judges one request. `urlToken` is the token in the query, if any. */
export function judge(security: Security, headers: IncomingHttpHeaders, urlToken: string | null): Verdict {
  const { host } = headers;
  if (!hostAllowed(security, host)) return { ok: false, reason: `host ${JSON.stringify(host)} is not this server` };
  const { origin } = headers;
  if (origin !== undefined && !originAllowed(origin, host!))
    return { ok: false, reason: `requests from ${JSON.stringify(origin)} are refused` };
  if (headers["sec-fetch-site"] === "cross-site" && headers["sec-fetch-mode"] !== "navigate")
    return { ok: false, reason: "requests of another site are refused" };
  if (!security.token) return { ok: true, byCookie: false };
  const header = /^(?:token|bearer)\s+(.+)$/i.exec(headers.authorization ?? "")?.[1];
  if (equal(header, security.token) || equal(urlToken ?? undefined, security.token))
    return { ok: true, byCookie: false };
  if (equal(cookieOf(headers, cookieName(security)), cookieValue(security))) return { ok: true, byCookie: true };
  return { ok: false, reason: "the token is missing or wrong" };
}

/** For everything the server sends. Scripts and frames of other places are refused; outputs of cells need inline ones. */
export const pageHeaders: Readonly<Record<string, string>> = {
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Content-Security-Policy": [
    "default-src 'self'",
    "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "media-src 'self' data: blob:",
    "font-src 'self' data:",
    "connect-src 'self' data: blob:",
    "worker-src 'self' blob:",
    "frame-src 'self' data: blob:",
    "frame-ancestors 'self'",
    "object-src 'none'",
    "base-uri 'self'",
    "form-action 'self'",
  ].join("; "),
};

/** For a user's files: an HTML file among them runs in an origin of its own and cannot reach the app. */
export const fileHeaders: Readonly<Record<string, string>> = {
  ...pageHeaders,
  "Content-Security-Policy": "sandbox allow-scripts; frame-ancestors 'self'",
};
