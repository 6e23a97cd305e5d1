import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'

/** Settings that answer nothing by themselves: what they stand in serves files. */
const SETTINGS =
  /^(?:allow|deny|satisfy|auth_basic|auth_basic_user_file|limit_(?:req|conn|rate)(?:_\w+)?|expires|add_header|access_log|error_log|log_not_found|client_(?:max_body_size|body_\w+)|(?:proxy|uwsgi|scgi|grpc)_\w+|gzip\w*|etag|charset|default_type|sendfile|tcp_no\w+|keepalive_\w+|send_timeout)$/

/** True for a location that has them alone, and does not refuse everybody. */
export function setsOnly(location: NginxDirective): boolean {
  const { children } = location
  if (children.length === 0 || readLocation(location).modifier === '@') return false
  if (!children.every(({ name }) => SETTINGS.test(name) && !/_(?:pass|store)$/.test(name))) return false
  const refuses = children.some(({ name, args }) => name === 'deny' && args[0]?.value === 'all')
  return !refuses || children.some(({ name }) => name === 'allow' || name === 'satisfy')
}
