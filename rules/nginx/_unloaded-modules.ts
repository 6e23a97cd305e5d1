import { posix } from 'node:path'
import { memo } from '../../parsers/collections/memo.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { externalModuleOf, nginxDirective } from '../../src/servers/nginx/directives.ts'
import { modulesOf } from '../_nginx-modules.ts'

/** A directive of a module that Debian has as a package, and that nothing loads. */
export interface Unloaded {
  readonly directive: NginxDirective
  readonly module: string
  readonly package: string
}

/**
 * What Debian's packages have as files of `modules-enabled`, and nginx itself nowhere: a main file in their layout that
 * includes none of these, and loads none, has no such directive. Who builds nginx for compression, a firewall or Lua
 * keeps that layout, too, and has the rest in it: such a file says nothing.
 */
export const unloadedModules = memo((configuration: NginxConfiguration): readonly Unloaded[] => {
  if (!isOfPackage(configuration)) return []
  const { occurrences } = configuration
  const loaded = new Set(
    (occurrences.get('load_module') ?? []).map(({ args: [word] }) =>
      posix.basename(word?.value ?? '', '.so'),
    ),
  )
  const found = new Map<string, Unloaded>()
  for (const [name, [directive]] of occurrences) {
    if (directive === undefined || directive.context === 'unknown' || directive.context === 'data') continue
    const modules = modulesOf(name)
    const [module] = modules
    if (module === undefined || modules.some(one => loaded.has(one)) || found.has(module)) continue
    const packaged = PACKAGES.get(module)
    // A module of which Debian has no package comes with an nginx of their own, which may have the rest.
    if (packaged === undefined) return []
    if (directive.source.template) continue
    found.set(module, { directive, module, package: packaged })
  }
  return [...found.values()]
})

const PACKAGES: ReadonlyMap<string, string> = new Map([
  ['ngx_http_headers_more_filter_module', 'libnginx-mod-http-headers-more-filter'],
  ['ngx_http_geoip2_module', 'libnginx-mod-http-geoip2'],
  ['ngx_http_geoip_module', 'libnginx-mod-http-geoip'],
  ['ngx_http_image_filter_module', 'libnginx-mod-http-image-filter'],
  ['ngx_http_xslt_filter_module', 'libnginx-mod-http-xslt-filter'],
  ['ngx_http_perl_module', 'libnginx-mod-http-perl'],
  ['ngx_http_echo_module', 'libnginx-mod-http-echo'],
  ['ngx_http_fancyindex_module', 'libnginx-mod-http-fancyindex'],
  ['ngx_http_subs_filter_module', 'libnginx-mod-http-subs-filter'],
  ['ngx_http_auth_pam_module', 'libnginx-mod-http-auth-pam'],
  ['ngx_http_dav_ext_module', 'libnginx-mod-http-dav-ext'],
  ['ngx_http_uploadprogress_module', 'libnginx-mod-http-uploadprogress'],
  ['ngx_http_upstream_fair_module', 'libnginx-mod-http-upstream-fair'],
])

/** Panels that bring an nginx of their own into Debian's layout. */
const OWN_BUILD = /wordops|easyengine|openresty|tengine|angie|freenginx|centminmod|plesk|--(?:add|with)-/i

/** True for a main file in the layout of Debian since modules are files there: their account, their sites, their pid. */
function isOfPackage({ main, occurrences, sources }: NginxConfiguration): boolean {
  if (main === null || main.path !== '/etc/nginx/nginx.conf' || main.template) return false
  if (sources.some(({ text }) => OWN_BUILD.test(text))) return false
  const includes = occurrences.get('include') ?? []
  if (includes.some(({ context }) => context === 'main')) return false
  const isOwn = [...occurrences.keys()].some(
    name => nginxDirective(name).length === 0 && externalModuleOf(name) === null,
  )
  return (
    !isOwn &&
    occurrences.get('user')?.[0]?.args[0]?.value === 'www-data' &&
    (occurrences.get('pid') ?? []).every(({ args: [path] }) => path?.value === '/run/nginx.pid') &&
    includes.some(({ args: [path] }) => /^(?:\/etc\/nginx\/)?sites-enabled\//.test(path?.value ?? ''))
  )
}
