/**
 * What mod_proxy makes of the handler `proxy:…` that `SetHandler` or `AddHandler` gives: the scheme whose module
 * gets the request; `ignored` where no module could take it, so that httpd goes on to the next handler and sends
 * the file; `refused` for a socket behind which no URL stands, which is 400, AH10292.
 *
 * https://httpd.apache.org/docs/2.4/mod/mod_proxy.html#handler
 */
export type HandlerTarget = { readonly scheme: string } | 'ignored' | 'refused'

/** @param handler as written; its letters may be of either case */
export function handlerTarget(handler: string): HandlerTarget {
  const text = handler.replace(/^proxy:/i, '')
  const bar = /^unix:/i.test(text) ? text.indexOf('|') : -1
  const url = bar === -1 ? text : text.slice(bar + 1)
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase()
  if (scheme !== undefined && SCHEME_MODULES.has(scheme)) return { scheme }
  return bar !== -1 && !url.includes(':') ? 'refused' : 'ignored'
}

/** The modules of the schemes that mod_proxy sends to; of several, one is enough. */
export const SCHEME_MODULES: ReadonlyMap<string, readonly string[]> = new Map([
  ['http', ['proxy_http_module']],
  ['https', ['proxy_http_module']],
  ['h2', ['proxy_http2_module']],
  ['h2c', ['proxy_http2_module']],
  ['ws', ['proxy_wstunnel_module', 'proxy_http_module']],
  ['wss', ['proxy_wstunnel_module', 'proxy_http_module']],
  ['fcgi', ['proxy_fcgi_module']],
  ['ajp', ['proxy_ajp_module']],
  ['uwsgi', ['proxy_uwsgi_module']],
  ['scgi', ['proxy_scgi_module']],
  ['balancer', ['proxy_balancer_module']],
  ['ftp', ['proxy_ftp_module']],
])
