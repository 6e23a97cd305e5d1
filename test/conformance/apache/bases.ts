import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { allApacheModules, builtInModules } from '../../../src/servers/apache/modules.ts'

/** A configuration that httpd accepts: texts by path below the root, of which `main` is read first. */
export interface Base {
  readonly name: string
  readonly main: string
  readonly files: Readonly<Record<string, string>>
  readonly env: Readonly<Record<string, string>>
  /** The files that may be changed. */
  readonly changeable: readonly string[]
}

const BASES = new URL('bases/', import.meta.url)
const MODULES = '/usr/lib/apache2/modules'
/** What every base has, so that it stands alone; `$ROOT` is filled in when it is written. */
const PREAMBLE = `ServerName localhost
PidFile $ROOT/p.pid
DefaultRuntimeDir $ROOT
ErrorLog /dev/null
Mutex default:$ROOT
Listen 127.0.0.1:18080
`
/** Loaded in this order before the rest: others need them. */
const FIRST = [
  'mpm_event',
  'info',
  'authz_core',
  'authn_core',
  'proxy',
  'session',
  'dav',
  'cache',
  'ldap',
  'watchdog',
]

/** The bases under bases/, each with the modules that its first line names. */
export function ownBases(): readonly Base[] {
  return readdirSync(BASES)
    .filter(name => name.endsWith('.conf'))
    .sort()
    .map(name => parseBase(name, readFileSync(new URL(name, BASES), 'utf8')))
}

/**
 * `# modules:` on the first line names what is loaded; `# file PATH` with lines of `#| ` behind it is
 * a file of its own.
 */
function parseBase(name: string, text: string): Base {
  const [first = '', ...rest] = text.split('\n')
  const modules = first.replace('# modules:', '').trim().split(/\s+/)
  const files: Record<string, string> = {}
  const main: string[] = []
  let file: string | null = null
  for (const line of rest) {
    const opened = /^# file (\S+)$/.exec(line)?.[1]
    if (opened !== undefined) {
      file = opened
      files[file] = ''
    } else if (file !== null && line.startsWith('#| ')) files[file] += `${line.slice(3)}\n`
    else main.push(line)
  }
  files['c.conf'] = `Include $ROOT/modules.inc\n${main.join('\n')}`
  files['modules.inc'] = PREAMBLE + loadLines(modules)
  files['cert.pem'] = 'not looked into before the start\n'
  const changeable = Object.keys(files).filter(path => path !== 'modules.inc' && path !== 'cert.pem')
  return { name, main: 'c.conf', files, env: {}, changeable }
}

/** `LoadModule` lines, what others need first; what is built in needs none. */
export function loadLines(names: readonly string[], always: readonly string[] = FIRST.slice(0, 4)): string {
  const builtIn = new Set(builtInModules().map(module => module.id))
  const wanted = new Set([...always, ...names])
  const ordered = [
    ...FIRST.filter(name => wanted.has(name)),
    ...[...wanted].filter(name => !FIRST.includes(name)),
  ]
  const objects = new Map([...allApacheModules()].map(module => [module.id, module.sharedObject]))
  return ordered
    .filter(name => !builtIn.has(`${name}_module`))
    .map(
      name => `LoadModule ${name}_module ${MODULES}/${objects.get(`${name}_module`) ?? `mod_${name}.so`}\n`,
    )
    .join('')
}

/** Debian's own /etc/apache2 as it is installed, copied; null where there is none. */
export function debianBase(): Base | null {
  const directory = '/etc/apache2'
  if (!existsSync(join(directory, 'apache2.conf'))) return null
  const files: Record<string, string> = {}
  for (const path of ['apache2.conf', 'ports.conf', 'magic'])
    files[path] = readFileSync(join(directory, path), 'utf8')
  for (const sub of ['mods-enabled', 'conf-enabled', 'sites-enabled']) {
    for (const name of readdirSync(join(directory, sub))) {
      const path = join(directory, sub, name)
      if (statSync(path).isFile()) files[`${sub}/${name}`] = readFileSync(path, 'utf8')
    }
  }
  files['apache2.conf'] += `\nLoadModule info_module ${MODULES}/mod_info.so\n`
  return {
    name: 'debian',
    main: 'apache2.conf',
    files,
    env: {
      APACHE_RUN_DIR: '$ROOT',
      APACHE_LOCK_DIR: '$ROOT',
      APACHE_LOG_DIR: '$ROOT',
      APACHE_PID_FILE: '$ROOT/p.pid',
      APACHE_RUN_USER: 'www-data',
      APACHE_RUN_GROUP: 'www-data',
    },
    changeable: Object.keys(files).filter(path => !path.endsWith('.load') && path !== 'magic'),
  }
}
