import { posix } from 'node:path'
import { memoByKey } from '../../parsers/collections/memo.ts'
import { phpCode } from '../../parsers/php/script.ts'
import { matchedPlace, type Place, type Source } from '../../parsers/text/source.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { isLaravel } from '../_php-projects.ts'
import { moodleConfiguration, wordpressConfiguration } from './_php-sources.ts'

/** What an application does that is not told of TLS. */
export interface Asked {
  readonly at: Place
  readonly says: string
  /** The application that asks by its own configuration; null for a script. */
  readonly by: 'WordPress' | 'Moodle' | 'Nextcloud' | 'Laravel' | 'Symfony' | null
  /** True where its own configuration has an address of https. */
  readonly speaksTls: boolean
  /** True for one that believes a proxy in front, where that sends `X-Forwarded-Proto`. */
  readonly trusts: boolean
  /** Whom it believes, as it is written; null where nobody knows. */
  readonly proxies: readonly { readonly text: string; readonly at: Place }[] | null
  /** Where WordPress is told of TLS behind the line that asks. */
  readonly late: { readonly at: Place; readonly settings: Place } | null
}

/** Where the start page of a directory, or the configuration of the application in it, hangs on TLS. */
export const asksForTls = memoByKey((files: FileSystem, root: string): Asked | null => {
  const wordpress = wordpressConfiguration(files, root)
  const moodle = moodleConfiguration(files, root)
  const nextcloud = sourceAt(files, `${root}/config/config.php`)
  const page = sourceAt(files, `${root}/index.php`)
  return (
    (wordpress === null ? null : askedByWordpress(wordpress)) ??
    (moodle === null ? null : askedByMoodle(moodle)) ??
    (nextcloud === null || hasOtherSettings(files, root) ? null : askedByNextcloud(nextcloud)) ??
    askedByLaravel(files, root) ??
    askedBySymfony(files, posix.dirname(root)) ??
    (page === null ? null : askedByScript(page))
  )
})

/** What a script looks at besides, or sets. */
const OTHERWISE = /FORWARDED|SERVER_PORT|CF_VISITOR|REQUEST_SCHEME|\[\s*['"]HTTPS['"]\s*\]\s*=[^=]/

function found(source: Source, match: RegExpExecArray, by: Asked['by']): Asked {
  return {
    at: matchedPlace(source, match),
    says: `${by} redirects to TLS`,
    by,
    speaksTls: true,
    trusts: false,
    proxies: null,
    late: null,
  }
}

function askedByWordpress(source: Source): Asked | null {
  const code = phpCode(source)
  const start = /\b(?:require|include)(?:_once)?\b[^;]*wp-settings\.php/.exec(code)?.index ?? code.length
  const before = code.slice(0, start)
  const match =
    /\b(?:define\s*\(\s*['"]|const\s+)(?:FORCE_SSL_ADMIN['"]?\s*[,=]\s*true|WP_(?:HOME|SITEURL)['"]?\s*[,=]\s*['"]https:\/\/)/i.exec(
      before,
    )
  if (match === null || OTHERWISE.test(before)) return null
  const behind = code.slice(start)
  const told = /\$_SERVER\s*\[\s*['"]HTTPS['"]\s*\](?=\s*=[^=])/.exec(behind)
  // What else stands there may do as well.
  if (told === null && OTHERWISE.test(behind)) return null
  const late =
    told === null
      ? null
      : {
          at: { source, start: start + told.index, end: start + told.index + told[0].length },
          settings: { source, start, end: start + behind.search(/[;\n]|$/) },
        }
  return { ...found(source, match, 'WordPress'), late }
}

function askedByMoodle(source: Source): Asked | null {
  const code = phpCode(source)
  const match = /\$CFG->wwwroot\s*=\s*['"]https:\/\//.exec(code)
  const isTold = OTHERWISE.test(code) || /\$CFG->sslproxy\s*=\s*(?!\s*(?:false|0)\b)/.test(code)
  return match === null || isTold ? null : found(source, match, 'Moodle')
}

/** Nextcloud reads every `*.config.php` beside its `config.php`. */
function hasOtherSettings(files: FileSystem, root: string): boolean {
  return (files.list(`${root}/config`) ?? []).some(({ name }) => name.endsWith('.config.php'))
}

function askedByNextcloud(source: Source): Asked | null {
  const code = phpCode(source)
  const list = /\$CONFIG\b(?=[\s\S]*['"]trusted_domains['"])/.exec(code)
  if (list === null || OTHERWISE.test(code) || /['"]overwriteprotocol['"]/.test(code)) return null
  const address = /['"]overwrite\.cli\.url['"]\s*=>\s*['"]https:\/\//.exec(code)
  const proxies = /['"]trusted_proxies['"]/.exec(code)
  return {
    ...found(source, proxies ?? address ?? list, 'Nextcloud'),
    says:
      proxies === null
        ? address === null
          ? 'has no `overwriteprotocol`'
          : 'its clients use TLS'
        : 'believes its `X-Forwarded-Proto`, which is not sent',
    speaksTls: address !== null,
    trusts: proxies !== null,
    proxies: trustedProxies(source, code),
  }
}

/** The texts of a list; null where something else is in it. */
function trustedProxies(source: Source, code: string): Asked['proxies'] {
  const list = /['"]trusted_proxies['"]\s*=>\s*(?:array\s*\(|\[)([^()[\]]*)[)\]]/.exec(code)
  const inside = list?.[1]
  if (list === null || inside === undefined) return null
  if (inside.replace(/(?:\d+\s*=>\s*)?(?:'[^'\\]*'|"[^"\\$]*")\s*,?/g, '').trim() !== '') return null
  const begin = list.index + list[0].length - 1 - inside.length
  return [...inside.matchAll(/'([^'\\]*)'|"([^"\\$]*)"/g)].map(
    ({ 0: written, 1: single, 2: double, index }) => ({
      text: single ?? double ?? '',
      at: { source, start: begin + index, end: begin + index + written.length },
    }),
  )
}

/** Laravel trusts no proxy, unless the file that starts it says so, or before 11 a middleware of the application. */
function askedByLaravel(files: FileSystem, root: string): Asked | null {
  const project = posix.dirname(root)
  if (!isLaravel(files, project)) return null
  const source = sourceAt(files, `${project}/bootstrap/app.php`)
  const providers = files.list(`${project}/app/Providers`) ?? withoutProviders(files, project)
  if (providers === null) return null
  const code = source === null ? '' : phpCode(source)
  const start = /Application::configure\b/.exec(code)
  const asked =
    start === null || source === null
      ? askedByMiddleware(files, project)
      : /trustProxies/i.test(code)
        ? null
        : found(source, start, 'Laravel')
  if (asked === null) return null
  const others = [
    `${root}/index.php`,
    `${project}/routes/web.php`,
    ...providers.map(({ name }) => `${project}/app/Providers/${name}`),
  ]
  const sets = /FORWARDED|['"]HTTPS['"]|force(?:Scheme|Https|RootUrl)|useOrigin|setTrustedProxies/
  if (others.some(path => sets.test(sourceAt(files, path)?.text ?? ''))) return null
  const environment = sourceAt(files, `${project}/.env`)
  return {
    ...asked,
    says: 'trusts no proxy, so it reads no `X-Forwarded-Proto`',
    speaksTls: /^APP_URL=["']?https:/m.test(environment?.text ?? ''),
  }
}

/**
 * Empty where the list of providers is, which has every one of the application since Laravel 11, and where the project
 * lies there without any.
 */
function withoutProviders(files: FileSystem, project: string): readonly { readonly name: string }[] | null {
  const source = sourceAt(files, `${project}/bootstrap/providers.php`)
  if (source === null) return files.kind(`${project}/composer.json`) === 'file' ? [] : null
  return phpCode(source).includes('::class') ? null : []
}

/** `protected $proxies;` of the middleware that Laravel up to 10 brings into the application. */
function askedByMiddleware(files: FileSystem, project: string): Asked | null {
  const source = sourceAt(files, `${project}/app/Http/Middleware/TrustProxies.php`)
  if (source === null || files.kind(`${project}/config/trustedproxy.php`) !== null) return null
  const code = phpCode(source)
  const match = /\bprotected\s+\$proxies(?=\s*(?:=\s*null\s*)?;)/i.exec(code)
  const isOtherwise = /\$this->proxies|function\s+(?:proxies|__construct|handle)\b/.test(code)
  return match === null || isOtherwise ? null : found(source, match, 'Laravel')
}

/**
 * `requires_channel: https` of an access rule: Symfony redirects whoever did not come by TLS, which it reads of
 * `HTTPS`, and of `X-Forwarded-Proto` where a proxy is trusted.
 * https://symfony.com/doc/current/security/force_https.html
 */
function askedBySymfony(files: FileSystem, project: string): Asked | null {
  const source = sourceAt(files, `${project}/config/packages/security.yaml`)
  const match = source === null ? null : CHANNEL.exec(source.code)
  if (source === null || match === null || mayTrust(files, project)) return null
  const start = match.index + match[0].indexOf('requires_channel')
  return { ...found(source, match, 'Symfony'), at: { source, start, end: match.index + match[0].length } }
}

const CHANNEL = /^[^#\n]*\brequires_channel:[ \t]*(?:https|'https'|"https")(?![^\s,}])/m

/** Where a project names the proxies that it trusts: its configuration, the file that starts it, and the environment. */
const TRUSTING = /trusted_proxies|TRUSTED_PROXIES|setTrustedProxies/

/** True also where a part of the configuration is not here. */
function mayTrust(files: FileSystem, project: string): boolean {
  const packages = files.list(`${project}/config/packages`)
  if (packages === null || files.kind(`${project}/public/index.php`) !== 'file') return true
  // Of the environment, which every other file around it may set, those that lie where they are looked for.
  const around = [project, posix.dirname(project)].flatMap(directory =>
    (files.list(directory) ?? []).map(({ name }) => posix.join(directory, name)),
  )
  return [
    ...packages.map(({ name }) => `${project}/config/packages/${name}`),
    `${project}/config/packages/prod/framework.yaml`,
    `${project}/config/services.yaml`,
    `${project}/public/index.php`,
    `${project}/src/Kernel.php`,
    ...around.filter(path => /\.ya?ml$|\/\.env[^/]*$/.test(path)),
  ].some(path => TRUSTING.test(sourceAt(files, path)?.text ?? ''))
}

function askedByScript(source: Source): Asked | null {
  const code = phpCode(source)
  const match = OTHERWISE.test(code) ? null : ASKING.exec(code)
  if (match === null) return null
  const [text] = match
  return {
    ...found(source, match, null),
    at: { source, start: match.index + text.indexOf('$'), end: match.index + text.indexOf(']') + 1 },
    says: 'the script asks here',
  }
}

const HTTPS = String.raw`\$_SERVER\s*\[\s*['"]HTTPS['"]\s*\]`
/** A condition that holds without TLS, and the redirect close behind it. */
const ASKING = new RegExp(
  String.raw`(?:(?<!!\s*)\bempty\s*\(\s*|!\s*isset\s*\(\s*|(?=${HTTPS}[^;{]{0,40}?(?:!==?\s*['"]on|===?\s*['"]off)))${HTTPS}[\s\S]{0,400}?header\s*\(\s*['"]Location:\s*https:\/\/`,
  'i',
)
