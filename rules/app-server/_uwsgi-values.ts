import type { UwsgiServer } from '../../parsers/app-server/uwsgi.ts'
import type { UwsgiOption } from '../../parsers/app-server/uwsgi-configuration.ts'
import { hasUwsgiOption } from '../../parsers/app-server/uwsgi-option-names.ts'
import { uwsgiOptionName } from '../../parsers/app-server/uwsgi-options.ts'
import { isUnknownWord, type Place, placeText } from '../../parsers/text/source.ts'
import { placeIn, placeOf } from '../../parsers/text/written-text.ts'

interface UwsgiFault {
  readonly at: Place
  readonly severity?: 'error'
  readonly message: string
  readonly label: string
  readonly help?: string
}

/** What the INI of uWSGI has of its own: no quotes, one `=`, numbers of digits. */
export function* valuesMisread({ options, settings }: UwsgiServer): Iterable<UwsgiFault> {
  for (const option of options) {
    if (!isOfIni(option) || isUnknownWord(option.value.text) || isUnknownWord(option.name)) continue
    const fault =
      lineWithoutEquals(option) ??
      (option.name === 'env' ? variable(option) : quoted(option)) ??
      environmentHome(option) ??
      notWhatItTakes(option)
    if (fault !== null) yield fault
  }
  const cheaper = settings.get('cheaper')
  const workers = settings.get('workers')
  if (cheaper?.known !== true || workers?.known !== true || cheaper.at === null) return
  if (![cheaper, workers].every(({ value }) => /^\d+$/.test(String(value)))) return
  if (Number(cheaper.value) === 0 || Number(cheaper.value) < Number(workers.value)) return
  yield {
    at: cheaper.at,
    severity: 'error',
    message: 'uWSGI does not start: invalid cheaper value: must be lower than processes',
    label: `not below ${String(workers.value)}`,
  }
}

/** Without a master the alarm of a worker ends it, and no one starts another: `i must kill myself`. */
export function* harakiriAlone({ settings, timeout, complete }: UwsgiServer): Iterable<UwsgiFault> {
  if (!complete || timeout?.known !== true || timeout.value <= 0 || timeout.at === null) return
  const master = settings.get('master')
  if (master !== undefined && !(master.known && /^(?:false|no|off|0)$/i.test(String(master.value)))) return
  yield {
    at: timeout.at,
    message: `without a master a request above ${timeout.value} seconds ends its worker, and uWSGI starts no other: i must kill myself`,
    label: 'no `master`',
    help: 'Add `master = true`',
  }
}

/** Words of a command line went through a shell or systemd, which took their quotes. */
function isOfIni({ at }: UwsgiOption): boolean {
  const { path, code } = at.source
  return /\.(?:ini|conf)$/.test(path) && /^[ \t]*\[/m.test(code)
}

/** `harakiri: 60` and `harakiri 60`. */
function lineWithoutEquals({ name, value, at }: UwsgiOption): UwsgiFault | null {
  const [, option = '', given = ''] = /^([a-z][a-z-]+)\s*[:\s]\s*(\S.*)$/.exec(name) ?? []
  if (value.text !== '' || !hasUwsgiOption(option)) return null
  return {
    at,
    message: `uWSGI takes a line without \`=\` for the name of an option, and ignores it`,
    label: 'no `=`',
    help: `Write \`${option} = ${given}\``,
  }
}

/** `NAME=value` goes into the environment as it stands. */
function variable({ value }: UwsgiOption): UwsgiFault | null {
  const [, name = '', blank = '', own = ''] = /^([A-Za-z_]\w*)(\s*)=(.*)$/.exec(value.text) ?? []
  if (name === '') return null
  if (blank !== '')
    return {
      at: placeOf(value),
      message: `the blank belongs to the name, so uWSGI sets \`${name} \`, and nothing sets \`${name}\``,
      label: 'a name with a blank',
      help: `Write \`${name}=${own.trim()}\``,
    }
  const [, inner] = /^(["'])[^"']*\1$/.exec(own) === null ? [] : [own, own.slice(1, -1)]
  if (inner === undefined) return null
  const isSettings = name === 'DJANGO_SETTINGS_MODULE'
  return {
    at: placeIn(value, value.text.length - own.length, value.text.length),
    ...(isSettings && { severity: 'error' as const }),
    message: isSettings
      ? `uWSGI takes away no quotes, so Django imports a module that is called ${own}: ModuleNotFoundError`
      : `uWSGI takes away no quotes, so they belong to the value of \`${name}\``,
    label: 'with its quotes',
    help: `Write \`${name}=${inner}\``,
  }
}

/** Options whose value is a path, an address, a name or a number, none of which has quotes. */
const PLAIN: ReadonlySet<string> = new Set([
  ...[
    'socket',
    'uwsgi-socket',
    'http-socket',
    'http',
    'module',
    'wsgi-file',
    'callable',
    'chdir',
    'virtualenv',
  ],
  ...['pythonpath', 'uid', 'gid', 'pidfile', 'logto', 'daemonize', 'touch-reload', 'plugins', 'mount'],
])

function quoted({ name, value }: UwsgiOption): UwsgiFault | null {
  if (!PLAIN.has(name) || !/^(["'])[^"']+\1$/.test(value.text)) return null
  return {
    at: placeOf(value),
    severity: 'error',
    message: `uWSGI takes away no quotes, so they belong to \`${name}\``,
    label: 'with its quotes',
    help: `Write \`${value.text.slice(1, -1)}\``,
  }
}

/** `home` is `PYTHONHOME`: the directory above `bin` and `lib`. */
function environmentHome({ name, value }: UwsgiOption): UwsgiFault | null {
  const [, home] = /^(\/.+)\/bin(?:\/(?:python[\d.]*|activate))?\/?$/.exec(value.text) ?? []
  if (name !== 'virtualenv' || home === undefined) return null
  return {
    at: placeOf(value),
    severity: 'error',
    message:
      "no Python lives there, so uWSGI ends before it starts a worker: Fatal Python error: ModuleNotFoundError: No module named 'encodings'",
    label: 'not the directory of the environment',
    help: `Write \`${home}\``,
  }
}

/** Numbers of which 0 is another thing than what is meant: no limit, or no time at all. */
const NUMBERS: ReadonlySet<string> = new Set([
  ...['harakiri', 'worker-reload-mercy', 'reload-mercy', 'mule-reload-mercy', 'max-requests'],
  ...['max-worker-lifetime', 'min-worker-lifetime', 'reload-on-rss', 'evil-reload-on-rss', 'reload-on-as'],
  ...['http-timeout', 'socket-timeout', 'post-buffering', 'limit-post'],
])

const PATHS: ReadonlySet<string> = new Set([
  ...['wsgi-file', 'chdir', 'virtualenv', 'pythonpath', 'socket', 'http-socket', 'pidfile', 'logto'],
  ...['daemonize', 'uid', 'gid', 'touch-reload'],
])

/** Variables of a shell in what uWSGI reads as it stands: what a file of the repository holds may be filled in before. */
export function* variablesOfShell({ options }: UwsgiServer): Iterable<UwsgiFault> {
  for (const { name, value } of options) {
    const fault = PATHS.has(name) && /\$\{?[A-Za-z_]/.test(value.text) ? notFilledIn(name, value) : null
    if (fault !== null) yield fault
  }
}

/** The same beside a mark of an installer, which fills in marks alone: `__HOME__/lib/$python/site.py`. */
export function* variablesBesideMarks({ options }: UwsgiServer): Iterable<UwsgiFault> {
  for (const { name, value } of options) {
    const written = placeText(placeOf(value))
    if (!PATHS.has(name) || !/__[A-Z][A-Z0-9_]*__/.test(written) || !/\$[a-z]/.test(value.text)) continue
    const fault = notFilledIn(name, value)
    if (fault !== null) yield { ...fault, help: 'Write a mark that the installer fills in' }
  }
}

function notFilledIn(name: string, value: UwsgiOption['value']): UwsgiFault | null {
  const at = placeOf(value)
  const [written = '', variable = ''] = /\$\{?([A-Za-z_]\w*)\}?/.exec(value.text) ?? []
  return {
    at,
    message: `uWSGI fills in \`$(${variable})\` alone, so \`${written}\` is a part of \`${name}\``,
    label: 'stays as it is written',
    help: `Write \`$(${variable})\``,
  }
}

function notWhatItTakes({ name, value }: UwsgiOption): UwsgiFault | null {
  const { text } = value
  if (text === '' || /[%$@]/.test(text)) return null
  if (NUMBERS.has(name) && /^[A-Za-z]/.test(text))
    return {
      at: placeOf(value),
      message: `\`${text}\` is no number, so \`${name}\` is 0`,
      label: 'no number',
      ...(/^[A-Z][A-Z0-9_]+$/.test(text) && { help: `Write \`$(${text})\` for the value of a variable` }),
    }
  if (name === 'workers' && /^[A-Za-z]/.test(text))
    return {
      at: placeOf(value),
      severity: 'error',
      message: `\`${text}\` is no number, so uWSGI starts no worker, and ends`,
      label: 'no number',
      help: 'Write a number, or `%k` for that of the processors',
    }
  if (name === 'static-map' && !text.includes('='))
    return {
      at: placeOf(value),
      severity: 'error',
      message: 'uWSGI does not start: invalid document root in static map, syntax mountpoint=docroot',
      label: 'no `=`',
      help: `Write \`${text.replace(/\s+/, '=')}\``,
    }
  return null
}

/** Files that were read for nothing: no section of theirs is called so. */
export function* sectionMissing({ sources, options }: UwsgiServer): Iterable<UwsgiFault> {
  for (const source of sources) {
    const { code, path } = source
    if (!path.endsWith('.ini') || options.some(({ at }) => at.source === source)) continue
    const header = /^[ \t]*\[([^\]\n]*)\]?[ \t]*\r?$/m.exec(code)
    const lines = [...code.matchAll(/^[ \t]*([\w-]+)[ \t]*=/gm)]
    const names = lines.map(([, name = '']) => name)
    // Of another program's file nothing is said here.
    if (names.filter(name => hasUwsgiOption(uwsgiOptionName(name))).length < 2) continue
    if (header !== null && isUnknownWord(header[1] ?? '')) continue
    const first = lines[0]
    const start = header?.index ?? first?.index ?? 0
    const from = start + (/\S/.exec(code.slice(start))?.index ?? 0)
    yield {
      at: { source, start: from, end: code.slice(from).search(/\s|$/) + from },
      severity: 'error',
      message: `uWSGI takes nothing of this file, and starts no worker: Can't find section "uwsgi" in INI configuration file`,
      label: 'not `[uwsgi]`',
      help: header === null ? 'Write `[uwsgi]` above all options' : 'Write `[uwsgi]`',
    }
  }
}
