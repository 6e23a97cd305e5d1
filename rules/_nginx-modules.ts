import { externalModuleOf, nginxDirective } from '../src/servers/nginx/directives.ts'

/** Modules of nginx itself that packages and images have as files, by the beginning of what they bring. */
const OWN: readonly (readonly [RegExp, string])[] = [
  [/^geoip_(?:country|city|org|proxy|proxy_recursive)$/, 'ngx_http_geoip_module'],
  [/^image_filter(?:_|$)/, 'ngx_http_image_filter_module'],
  [/^(?:xslt_|xml_entities$)/, 'ngx_http_xslt_filter_module'],
  [/^perl(?:_|$)/, 'ngx_http_perl_module'],
  [/^js_(?:import|path|content|set|header_filter|body_filter)$/, 'ngx_http_js_module'],
]

/** Modules of which any brings a directive that nginx has without them nowhere; empty for its own directives. */
export function modulesOf(name: string): readonly string[] {
  const own = OWN.filter(([names]) => names.test(name)).map(([, module]) => module)
  if (own.length > 0) return own.flatMap(module => [module, module.replace('_http_', '_stream_')])
  if (nginxDirective(name).length > 0) return []
  const module = externalModuleOf(name)
  return module === null || module.name === 'njs' || module.name === 'acme' ? [] : module.loads
}
