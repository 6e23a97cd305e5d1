import type { PhpIniLine } from './ini-settings.ts'
import { isOneSlipAway } from '../text/one-slip-away.ts'
import { isUnknownWord } from '../text/source.ts'
import { phpBoolean } from './values.ts'

type Kind = 'boolean' | 'number' | 'time' | 'manager' | 'other'

const keys = (kind: Kind, names: string): readonly (readonly [string, Kind])[] =>
  names.split(' ').map(name => [name, kind] as const)

/** What FPM reads in `[global]`. */
const GLOBAL: ReadonlyMap<string, Kind> = new Map([
  ...keys('boolean', 'daemonize log_buffering'),
  ...keys('number', 'emergency_restart_threshold process.max process.priority'),
  ...keys('time', 'emergency_restart_interval process_control_timeout systemd_interval'),
  ...keys(
    'other',
    'pid error_log syslog.ident syslog.facility log_limit log_level rlimit_files rlimit_core events.mechanism include',
  ),
])

/** What FPM reads in a pool, besides `env`, `php_value` and their like. */
const POOL: ReadonlyMap<string, Kind> = new Map([
  ...keys(
    'boolean',
    'process.dumpable catch_workers_output decorate_workers_output clear_env request_terminate_timeout_track_finished',
  ),
  ...keys(
    'number',
    'process.priority listen.backlog listen.setfib pm.max_children pm.start_servers pm.min_spare_servers pm.max_spare_servers pm.max_spawn_rate pm.max_requests rlimit_files request_slowlog_trace_depth',
  ),
  ...keys('time', 'pm.process_idle_timeout request_slowlog_timeout request_terminate_timeout'),
  ...keys('manager', 'pm'),
  ...keys(
    'other',
    'prefix user group listen listen.acl_users listen.acl_groups listen.owner listen.group listen.mode listen.allowed_clients pm.status_path pm.status_listen ping.path ping.response access.log access.format access.suppress_path[] access.suppress_path slowlog rlimit_core chroot chdir security.limit_extensions apparmor_hat include',
  ),
])

/**
 * What FPM says of a line at which it stops; null where it reads on, or where a newer FPM may. It finds its keys
 * whatever their case.
 *
 * @param section `global`, or the name of a pool
 */
export function fpmRefuses(line: PhpIniLine, section: string): string | null {
  if (line.kind === 'bare') return 'value is NULL for a ZEND_INI_PARSER_ENTRY'
  if (line.kind === 'section' || isUnknownWord(line.name)) return null
  if (line.index !== null) return wrongEntry(line, line.index)
  const isGlobal = section.toLowerCase() === 'global'
  const name = line.name.toLowerCase()
  const kind = (isGlobal ? GLOBAL : POOL).get(name)
  if (kind === undefined)
    return (isGlobal ? POOL : GLOBAL).has(name) || isNoneOfFpm(name) ? `unknown entry '${line.name}'` : null
  const { text } = line.value
  const fault = isUnknownWord(text) ? null : wrongValue(kind, line)
  return fault === null ? null : `unable to parse value for entry '${line.name}': ${fault}`
}

/** `php_admin_flag[…]` takes words for on and off alone, and `env[…]` wants a value. */
function wrongEntry({ name, value }: Extract<PhpIniLine, { kind: 'setting' }>, index: string): string | null {
  if (isUnknownWord(value.text)) return null
  const fault = /^php_(?:admin_)?flag$/.test(name)
    ? !phpBoolean(value).known && !/^null$/i.test(value.text) && 'invalid boolean value'
    : name === 'env' && /^(?:|none|null|off|no|false)$/i.test(value.text) && 'empty value'
  return fault === false ? null : `error while parsing '${name}[${index}]' : ${fault}`
}

function wrongValue(kind: Kind, { value }: Extract<PhpIniLine, { kind: 'setting' }>): string | null {
  const { text } = value
  switch (kind) {
    case 'boolean':
      return phpBoolean(value).known || /^null$/i.test(text) ? null : 'invalid boolean value'
    case 'number':
      return /^-?\d*$/.test(text) ? null : 'is not a valid number (greater or equal than zero)'
    case 'time':
      return /[^\dsmhd]$/.test(text) ? 'unknown suffix used in time value' : null
    case 'manager':
      return /^(?:static|dynamic|ondemand)$/i.test(text)
        ? null
        : 'invalid process manager (static, dynamic or ondemand)'
    case 'other':
      return null
  }
}

/** Settings of PHP itself, which want `php_value[…]`, comments by `#`, and keys with one letter wrong. */
function isNoneOfFpm(name: string): boolean {
  return name.startsWith('#') || OF_PHP.test(name) || [...POOL.keys()].some(key => isOneSlipAway(key, name))
}

const OF_PHP =
  /^(?:php_(?:admin_)?(?:value|flag)|env|memory_limit|upload_max_filesize|post_max_size|max_(?:execution_time|input_time|input_vars|file_uploads)|display_errors|display_startup_errors|error_reporting|date\.timezone|open_basedir|disable_functions|short_open_tag|session\.[a-z_]+|opcache\.[a-z_]+|expose_php|allow_url_fopen|file_uploads|upload_tmp_dir|sendmail_path|extension|zend_extension|cgi\.fix_pathinfo)$/
