import { known, unknown, type Fact } from '../text/fact.ts'
import type { Place } from '../text/source.ts'
import type { AppBind, AppProtocol, AppServer } from './app-server.ts'
import { NOTHING_SAID } from './no-server.ts'

/** Where a stretch of the settings stands; null where it is not found. */
export type PlaceOf = (start: number, end: number) => Place | null

/**
 * GitLab of the Omnibus package by its `gitlab.rb`: the sockets of the nginx inside of it, for its pages and for its
 * registry. That nginx takes port and protocol of the URL, where no line of its own says otherwise. Null where none of
 * it is written out.
 *
 * @see https://docs.gitlab.com/omnibus/settings/nginx/
 * @see https://docs.gitlab.com/omnibus/settings/ssl/#configure-a-reverse-proxy-or-load-balancer-ssl-termination
 */
export function readGitlab(text: string, placeOf: PlaceOf): AppServer | null {
  const code = text.replace(COMMENT, comment => ' '.repeat(comment.length))
  if (COMPUTED.test(code)) return null
  const binds = SITES.flatMap(([url, settings]) => bindsOf(code, url, settings, placeOf))
  const [first] = binds
  if (first?.at == null) return null
  const host = /^[ \t]*external_url[\s(]+["']https?:\/\/([\w.-]+)/m.exec(code)?.[1]
  const settings = new Map(host === undefined ? [] : [[GITLAB_HOST, known(host.toLowerCase())]])
  return {
    ...NOTHING_SAID,
    program: 'gitlab',
    at: first.at,
    application: null,
    binds,
    settings,
    complete: false,
  }
}

/** The setting that holds the name of `external_url`. */
export const GITLAB_HOST = 'host'

/** The URL that each site of the bundled nginx is for, and the hash of its settings. */
const SITES = [
  ['external_url', 'nginx'],
  ['registry_external_url', 'registry_nginx'],
] as const

const COMMENT = /(?<=^|\s)#(?!\{)[^\n]*/g
/** What is made of other files or variables, or sets several at once. */
const COMPUTED =
  /\bfrom_file\b|\bFile\.read|(?<![.\w])(?:registry_)?nginx\s*(?:=|\.|\[:)|\b(?:if|unless|eval|JSON)\b/

interface Setting {
  /** Without quotes; null where it is no literal. */
  readonly value: string | null
  readonly at: Place | null
}

function bindsOf(code: string, name: string, settings: string, placeOf: PlaceOf): readonly AppBind[] {
  const urls = [...code.matchAll(new RegExp(String.raw`^[ \t]*${name}[\s(]+(["'])([^"'\n]*)\1`, 'gm'))]
  const match = urls.at(-1)
  const url = /^(https?):\/\/[\w.-]+(?::(\d+))?(?:\/|$)/.exec(match?.[2] ?? '')
  if (match === undefined || url === null) return []
  const setting = (key: string): Setting | null => settingOf(code, settings, key, placeOf)
  if (setting('enable')?.value === 'false') return []
  const start = match.index + match[0].indexOf(match[2] ?? '')
  const urlAt = placeOf(start, start + url[0].replace(/\/$/, '').length)
  const port = setting('listen_port')
  const at = port?.at ?? urlAt
  if (at === null) return []
  const number = port === null ? (url[2] ?? (url[1] === 'https' ? '443' : '80')) : port.value
  const protocol = protocolOf(url[1] === 'https', urlAt ?? at, setting('listen_https'))
  return addressesOf(setting('listen_addresses')).map(host => ({
    at,
    protocol,
    address:
      host === null || number === null || !/^\d{1,5}$/.test(number)
        ? unknown('something that Ruby computes', at)
        : known({ kind: 'ip', host, port: Number(number) }, at),
  }))
}

function protocolOf(isTls: boolean, at: Place, asked: Setting | null): Fact<AppProtocol> {
  if (asked === null || asked.value === 'nil') return known(isTls ? 'https' : 'http', at)
  const place = asked.at ?? at
  if (asked.value === 'true') return known('https', place)
  return asked.value === 'false' ? known('http', place) : unknown('something that Ruby computes', place)
}

/** Of both versions where no line says it; null for one that nobody knows. */
function addressesOf(setting: Setting | null): readonly (string | null)[] {
  if (setting === null) return ['::']
  const list = /^\[([^[\]]*(?:\[[\da-f:]*\][^[\]]*)*)\]$/i.exec(setting.value ?? '')?.[1]
  if (list === undefined) return [null]
  const hosts = list.split(',').map(each => each.trim().replace(/^(["'])(.*)\1$/, '$2'))
  if (hosts.some(host => !/^(?:\*|[\d.]+|\[[\da-f:]*\]|localhost)$/i.test(host))) return [null]
  return hosts
}

/** The last line that sets a key of a hash, as Ruby reads it. */
function settingOf(code: string, hash: string, key: string, placeOf: PlaceOf): Setting | null {
  const line = [
    ...code.matchAll(new RegExp(String.raw`(?<![\w.])${hash}\[(["'])${key}\1\]\s*=[ \t]*([^\n]*)`, 'g')),
  ].at(-1)
  if (line === undefined) return null
  const written = (line[2] ?? '').trimEnd()
  const start = line.index + line[0].length - (line[2] ?? '').length
  const value = /^(?:true|false|nil|\d+|\[.*\])$/.test(written)
    ? written
    : (/^(["'])([\w.-]*)\1$/.exec(written)?.[2] ?? null)
  return { value, at: placeOf(start, start + written.length) }
}
