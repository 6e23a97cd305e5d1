import type { ApacheModule } from './configuration.ts'
import { MODULE_ROWS } from './modules.generated.ts'

/** A module of httpd 2.4 or Debian's mod_wsgi under its three names. */
export interface ApacheModuleFacts {
  /** `headers_module`: what `LoadModule` and `<IfModule>` call it. */
  readonly id: string
  /** `mod_headers.so`; null where Debian compiles it in. */
  readonly sharedObject: string | null
  /** `mod_headers.c`: the other name that `<IfModule>` knows, irregular for the MPMs and mod_ldap. */
  readonly file: string
}

let byId: Map<string, ApacheModuleFacts> | undefined
let byFile: Map<string, ApacheModuleFacts> | undefined
let bySharedObject: Map<string, ApacheModuleFacts> | undefined

function decode(): Map<string, ApacheModuleFacts> {
  byId = new Map()
  byFile = new Map()
  bySharedObject = new Map()
  for (const row of MODULE_ROWS.split('\n')) {
    const [id = '', sharedObject = '', file = ''] = row.split('\t')
    const facts = { id, sharedObject: sharedObject || null, file }
    byId.set(id, facts)
    byFile.set(file, facts)
    if (facts.sharedObject !== null) bySharedObject.set(facts.sharedObject, facts)
  }
  return byId
}

/** A module by its id, such as `headers_module`. */
export function apacheModule(id: string): ApacheModuleFacts | undefined {
  return (byId ?? decode()).get(id)
}

/** A module by its source file, such as `mod_headers.c`. */
export function apacheModuleOfFile(file: string): ApacheModuleFacts | undefined {
  if (byFile === undefined) decode()
  return byFile?.get(file)
}

/** A module by its shared object's name without directory, such as `mod_headers.so`. */
export function apacheModuleOfSharedObject(name: string): ApacheModuleFacts | undefined {
  if (bySharedObject === undefined) decode()
  return bySharedObject?.get(name)
}

/** Every module of the table, by id. */
export function allApacheModules(): Iterable<ApacheModuleFacts> {
  return (byId ?? decode()).values()
}

/** The modules that Debian compiles in; other builds load some of them, which changes nothing. */
export function builtInModules(): readonly ApacheModule[] {
  const modules: ApacheModule[] = []
  for (const { id, sharedObject, file } of allApacheModules()) {
    if (sharedObject === null) modules.push({ id, file })
  }
  return modules
}

/**
 * The source file of a module: the table's, or for another's module what nearly all are called,
 * `mod_fcgid.c` for `fcgid_module`.
 */
export function sourceFileOf(id: string): string {
  return apacheModule(id)?.file ?? `mod_${id.replace(/_module$/, '')}.c`
}

/**
 * Whether `<IfModule name>` finds a module among the loaded ones, by id or source file, case and all:
 * `mod_headers` and `MOD_HEADERS.C` name none.
 */
export function isLoadedUnder(modules: ReadonlyMap<string, ApacheModule>, name: string): boolean {
  if (modules.has(name)) return true
  if (!name.endsWith('.c')) return false
  const known = apacheModuleOfFile(name)
  if (known !== undefined) return modules.has(known.id)
  const id = `${name.replace(/^mod_/, '').slice(0, -2)}_module`
  return name.startsWith('mod_') && apacheModule(id) === undefined && modules.has(id)
}

/**
 * Names that look right and are none: of the MPMs' source files, which the manual had for years, and of PHP 8, whose
 * module has no number any more (`php_module`, `mod_php.c`).
 *
 * @see https://www.php.net/manual/en/migration80.incompatible.php
 */
const MISTAKEN: ReadonlyMap<string, string> = new Map([
  ['mod_php8.c', 'php_module'],
  ['mod_php8', 'php_module'],
  ['php8_module', 'php_module'],
  ['mod_php', 'php_module'],
  ['mod_php7', 'php7_module'],
  ['mod_php5', 'php5_module'],
  ['mpm_event.c', 'mpm_event_module'],
  ['mpm_worker.c', 'mpm_worker_module'],
  ['mpm_prefork.c', 'mpm_prefork_module'],
])

let meantBy: Map<string, string> | undefined

/**
 * The identifier of the module that a name was meant for which is no module's: `headers_module` for
 * `mod_headers` or `MOD_HEADERS.C`, and for `mod_headers.c=""`, which an editor of HTML makes of it. Null for right
 * names and for those that may be another's module.
 */
export function moduleMeantBy(name: string): string | null {
  if (apacheModule(name) !== undefined || apacheModuleOfFile(name) !== undefined) return null
  if (meantBy === undefined) {
    meantBy = new Map(MISTAKEN)
    for (const { id, sharedObject, file } of allApacheModules()) {
      const stem = (sharedObject ?? file).replace(/\.(?:so|c)$/, '')
      const singular = stem.replace(/s$/, '')
      const bare = id.replace(/_module$/, '')
      const slips = [
        id,
        file,
        stem,
        bare,
        `${stem}.c`,
        `${bare}.c`,
        `${stem}.so`,
        `${id}.c`,
        `${stem}_module`,
      ]
      for (const slip of [...slips, singular, `${singular}.c`, id.replace(/s_module$/, '_module')]) {
        if (!meantBy.has(slip)) meantBy.set(slip, id)
      }
    }
  }
  return meantBy.get(name.toLowerCase().replace(/=(?:""|'')?$/, '')) ?? null
}

/** Modules that httpd 2.4 has no more: who loads one runs httpd 2.2, whose other modules own other directives. */
const DROPPED = [
  'authn_alias_module',
  'authn_default_module',
  'authz_default_module',
  'disk_cache_module',
  'mem_cache_module',
] as const

/** True for the modules of an httpd 2.2. */
export function isHttpd22(modules: ReadonlyMap<string, unknown>): boolean {
  return DROPPED.some(id => modules.has(id))
}
