import { posix } from 'node:path'
import type { RenewalWebroot } from './renewal.ts'
import type { Place, Source } from '../text/source.ts'

/** A file `DOMAIN/DOMAIN.conf` in the home of acme.sh: how it renews one certificate. */
export interface AcmeShDomain {
  readonly name: string
  /** The names that are renewed by a file in a directory, lower case. */
  readonly webroots: readonly RenewalWebroot[]
  /** Where `--install-cert` puts the certificate with its chain, and where the certificate alone; null for nowhere. */
  readonly fullChain: string | null
  readonly certificate: string | null
  /** `Le_ReloadCmd`, and what runs after a renewal: empty where nothing does, null where nobody installed it. */
  readonly reload: { readonly command: string; readonly at: Place } | null
}

/**
 * Reads the variables of a domain, each `Le_Name='value'` on a line of its own.
 *
 * https://github.com/acmesh-official/acme.sh/wiki/How-to-issue-a-cert
 */
export function readAcmeShDomain(source: Source): AcmeShDomain {
  const values = new Map<string, { readonly value: string; readonly at: Place }>()
  for (const match of source.text.matchAll(/^Le_(\w+)=(?:'([^'\n]*)'|"([^"\n]*)"|(\S*))/gm)) {
    const [line, name = '', single, double, bare] = match
    values.set(name, {
      value: decoded(single ?? double ?? bare ?? ''),
      at: { source, start: match.index, end: match.index + line.length },
    })
  }
  const of = (name: string): string => values.get(name)?.value ?? ''
  const webroot = values.get('Webroot')
  const names = [of('Domain'), ...of('Alt').split(',')].filter(name => name.includes('.'))
  const isDirectory = webroot !== undefined && /^\/[^,]*$/.test(webroot.value)
  const directory = isDirectory ? posix.normalize(webroot.value).replace(/(?<=.)\/+$/, '') : ''
  const hooks = ['ReloadCmd', 'RenewHook', 'PostHook'].flatMap(name => values.get(name) ?? [])
  const reload = hooks.find(({ value }) => value !== '') ?? values.get('ReloadCmd')
  const path = (name: string): string | null => (of(name).startsWith('/') ? of(name) : null)
  return {
    name: of('Domain'),
    webroots: isDirectory ? names.map(name => ({ name: name.toLowerCase(), directory, at: webroot.at })) : [],
    fullChain: path('RealFullChainPath'),
    certificate: path('RealCertPath'),
    reload: reload === undefined ? null : { command: reload.value, at: reload.at },
  }
}

/** acme.sh keeps commands in base64, between two words of its own. */
function decoded(value: string): string {
  const inner = /^__ACME_BASE64__START_([A-Za-z\d+/=]*)__ACME_BASE64__END_$/.exec(value)?.[1]
  return inner === undefined ? value : Buffer.from(inner, 'base64').toString('utf8')
}
