import { ownTable } from '../../../../parsers/text/own-table.ts'

/**
 * Modules of Debian's Apache and those that `a2enmod` enables with them, as the line `# Depends:` of their files in
 * `mods-available` says it.
 *
 * @see https://salsa.debian.org/apache-team/apache2/-/tree/master/debian/config-dir/mods-available
 */
const DEPENDS: Readonly<Record<string, string>> = ownTable({
  access_compat: 'authn_core',
  asis: 'mime',
  auth_basic: 'authn_core',
  auth_digest: 'authn_core',
  auth_form: 'session authn_core',
  authn_dbd: 'dbd',
  authnz_ldap: 'ldap',
  authz_dbd: 'dbd authz_core',
  authz_dbm: 'authz_core',
  authz_groupfile: 'authz_core',
  authz_host: 'authz_core',
  authz_user: 'authz_core',
  cache_disk: 'cache',
  cache_socache: 'cache',
  dav_fs: 'dav',
  deflate: 'filter',
  file_cache: 'cache',
  include: 'mime',
  lbmethod_bybusyness: 'proxy_balancer',
  lbmethod_byrequests: 'proxy_balancer',
  lbmethod_bytraffic: 'proxy_balancer',
  lbmethod_heartbeat: 'proxy_balancer',
  proxy_ajp: 'proxy',
  proxy_balancer: 'proxy alias slotmem_shm',
  proxy_connect: 'proxy',
  proxy_express: 'proxy',
  proxy_fcgi: 'proxy',
  proxy_fdpass: 'proxy',
  proxy_ftp: 'proxy',
  proxy_hcheck: 'proxy',
  proxy_html: 'proxy xml2enc',
  proxy_http: 'proxy',
  proxy_http2: 'proxy http2',
  proxy_scgi: 'proxy',
  proxy_uwsgi: 'proxy',
  proxy_wstunnel: 'proxy',
  ratelimit: 'env',
  session_cookie: 'session',
  session_crypto: 'session',
  session_dbd: 'session',
  ssl: 'setenvif mime socache_shmcb',
})

/** What the package enables besides an MPM. */
export const BY_DEFAULT: readonly string[] = [
  ...['access_compat', 'alias', 'auth_basic', 'authn_core', 'authn_file', 'authz_core', 'authz_host'],
  ...['authz_user', 'autoindex', 'deflate', 'dir', 'env', 'filter', 'mime', 'negotiation', 'reqtimeout'],
  ...['setenvif', 'status'],
]

/** A module with all that it needs, those first. */
export function withDependencies(name: string): readonly string[] {
  const needed = DEPENDS[name]
  return [...(needed === undefined ? [] : needed.split(' ').flatMap(withDependencies)), name]
}
