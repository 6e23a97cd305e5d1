import { posix } from 'node:path'
import type { Place, Source } from '../text/source.ts'

/** A file below `/etc/letsencrypt/renewal`: how certbot renews one certificate. */
export interface Renewal {
  /** The name of the certificate, by which its directory below `live` is called, too. */
  readonly name: string
  /** `webroot`, `nginx`, `standalone`…; null where the file names none. */
  readonly authenticator: string | null
  /** Where it is written. */
  readonly authenticatorAt: Place | null
  /** `nginx`, `apache`: what reloads the server itself; null where the file names none. */
  readonly installer: string | null
  /** True where a command answers the challenges of `manual`, which asks a person else. */
  readonly hasAuthHook: boolean
  /** False where the file keeps `certbot renew` from this certificate. */
  readonly isRenewed: boolean
  /** The port of certbot's own server and of what its plugins look for; 80 where none is written. */
  readonly httpPort: number
  /** The commands that the file has certbot run. */
  readonly hooks: readonly RenewalHook[]
  /** The names that are renewed by a file in a directory, lower case. */
  readonly webroots: readonly RenewalWebroot[]
}

export interface RenewalHook {
  /** Before each attempt, after each, and after a success. */
  readonly when: 'pre' | 'post' | 'deploy'
  readonly command: string
  readonly at: Place
}

export interface RenewalWebroot {
  readonly name: string
  /** Without its last slash. */
  readonly directory: string
  /** The name, or what stands for it. */
  readonly at: Place
}

/**
 * Reads a renewal file, in the format of ConfigObj: sections whose brackets say how deep they are, `name =
 * value`, comments behind `#`, values in quotes and lists with commas. What certbot would refuse is passed over.
 *
 * https://eff-certbot.readthedocs.io/en/stable/using.html#modifying-the-renewal-configuration-of-existing-certificates
 */
export function readRenewal(source: Source): Renewal {
  let section: readonly string[] = []
  let authenticator: string | null = null
  let authenticatorAt: Place | null = null
  let installer: string | null = null
  let hasAuthHook = false
  let isRenewed = true
  let httpPort = 80
  const hooks: RenewalHook[] = []
  let common: { readonly directory: string; readonly at: Place } | null = null
  const webroots: RenewalWebroot[] = []
  for (const match of source.text.matchAll(
    /^[ \t]*(?:(\[+)[ \t]*([^\]\n]*?)[ \t]*\]+|([^=#\n]+?)[ \t]*=(.*))/gm,
  )) {
    const [line, brackets, title = '', key = '', rest = ''] = match
    if (brackets !== undefined) {
      section = [...section.slice(0, brackets.length - 1), title]
      continue
    }
    const [value] = valuesOf(rest)
    const start = match.index + line.indexOf(key)
    const at = { source, start, end: start + key.length }
    const name = unquoted(key)
    if (section.at(-1) === 'webroot_map') {
      if (value?.startsWith('/'))
        webroots.push({ name: name.toLowerCase(), directory: directoryOf(value), at })
    } else if (section.join('/') === 'renewalparams') {
      const when = HOOKS.get(name)
      const text = rest.replace(/\s#[^"']*$/, '').trim()
      const from = match.index + line.length - rest.trimStart().length
      const valueAt = { source, start: from, end: from + text.length }
      if (name === 'authenticator') [authenticator, authenticatorAt] = [value ?? null, valueAt]
      else if (name === 'installer') installer = value === 'None' ? null : (value ?? null)
      else if (name === 'manual_auth_hook') hasAuthHook = value !== undefined && value !== 'None'
      else if (name === 'autorenew') isRenewed = value?.toLowerCase() !== 'false'
      else if (name === 'http01_port') httpPort = Number(value)
      else if (when !== undefined && text !== '' && text !== 'None')
        hooks.push({ when, command: unquoted(text), at: valueAt })
      else if (name === 'webroot_path' && value?.startsWith('/'))
        common = { directory: directoryOf(value), at }
    }
  }
  const lineage = posix.basename(source.path, '.conf').replace(/-\d{4}$/, '')
  if (webroots.length === 0 && common !== null && lineage.includes('.'))
    webroots.push({ name: lineage.toLowerCase(), ...common })
  const name = posix.basename(source.path, '.conf')
  return {
    name,
    authenticator,
    authenticatorAt,
    installer,
    hasAuthHook,
    isRenewed,
    httpPort,
    hooks,
    webroots,
  }
}

const HOOKS: ReadonlyMap<string, RenewalHook['when']> = new Map([
  ['pre_hook', 'pre'],
  ['post_hook', 'post'],
  ['renew_hook', 'deploy'],
])

/** The entries of a list, or the one value; a comment ends it. */
function valuesOf(text: string): readonly string[] {
  const found: string[] = []
  for (const [entry] of text.matchAll(/"[^"]*"|'[^']*'|#.*|[^,\s#][^,#]*/g)) {
    if (entry.startsWith('#')) break
    found.push(unquoted(entry.trim()))
  }
  return found
}

function unquoted(text: string): string {
  return text.replace(/^(["'])(.*)\1$/, '$2')
}

function directoryOf(path: string): string {
  return posix.normalize(path).replace(/(?<=.)\/+$/, '')
}
