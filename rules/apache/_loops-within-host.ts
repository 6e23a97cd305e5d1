import { flagsOfRule } from '../../src/servers/apache/requests/rewrite/rules.ts'
import { posix } from 'node:path'
import type { Deployment } from '../../src/deployment/model.ts'
import { type AskedHost, askHost, originOf, urlOfDirectory } from '../../src/deployment/requests/ask-host.ts'
import { MISSING, PATHS } from '../../src/deployment/requests/made-up-requests.ts'
import { lastLine } from '../../src/deployment/requests/last-line.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { isForHtaccess } from '../../src/servers/apache/htaccess-alone.ts'
import { documentRoot } from '../../src/servers/apache/requests/document-root.ts'
import { directivesIn } from '../../src/servers/apache/queries/directives-in.ts'
import { directorySectionsOf } from '../../src/servers/apache/queries/directory-sections.ts'
import { htaccessFilesOf } from '../../src/servers/apache/queries/htaccess.ts'
import { argumentPlace, isSettled } from '../../src/servers/apache/queries/places.ts'
import { placedRule } from '../../src/servers/apache/queries/rewriting.ts'
import { fromBytes } from '../../src/servers/regex.ts'
import type { ApacheEnd } from '../../src/servers/apache/requests/outcome.ts'
import type { Place } from '../../parsers/text/source.ts'
import { doubledWww } from './_doubled-www.ts'
import { hotlinkLoops } from './_hotlink-loops.ts'

/** A rule that takes the last slash of a directory away, and mod_dir, which puts it back. */
export function* slashLoop(deployment: Deployment, asked: AskedHost) {
  const { configuration, host } = asked
  const root = directivesIn(configuration, host?.directive ?? null, 'documentroot').at(-1)?.args[0]?.value
  if (root === undefined) return
  const files = deployment.filesOf(configuration)
  const directories = (files.list(root) ?? []).filter(
    ({ name, kind }) => kind === 'directory' && /^[a-z][\w-]*$/i.test(name),
  )
  const page = directories.find(({ name }) =>
    files.list(`${root}/${name}`)?.some(each => PAGE.test(each.name)),
  )
  const name = (page ?? directories[0])?.name ?? null
  // The public directory of a project that has none yet: one that somebody makes is a directory, too.
  if (name === null && (configuration.main === null || !isForHtaccess(configuration.main))) return
  const path = `/${name ?? 'files'}`
  const question = name === null ? ({ standing: 'directory' } as const) : {}
  const taken = askHost(deployment, asked, `${path}/`, question)
  if (!leadsTo(taken.end, path)) return
  if (!leadsTo(askHost(deployment, asked, path, question).end, `${path}/`)) return
  const rule = lastLine(taken.steps, 'rewrite')
  if (rule === null || !('nameStart' in rule) || rule.name !== 'RewriteRule') return
  yield {
    at: argumentPlace(rule, 1),
    cause: `${rule.source.path} ${argumentPlace(rule, 1).start}`,
    // Nobody looks for a page in a directory of style sheets.
    ...(page === undefined && { severity: 'info' as const }),
    message: `this takes the slash of ${name === null ? 'a directory, of which there is none yet,' : `the directory \`${path}/\``} away, and mod_dir puts it back, for ever`,
  }
}

/** What stands for a directory. https://httpd.apache.org/docs/2.4/mod/mod_dir.html#directoryindex */
const PAGE = /^(?:index|default)\.(?:\w*html?|php\d?|cgi|pl)$/i

function leadsTo(end: ApacheEnd, path: string): boolean {
  if (end.kind !== 'response' || end.location === null) return false
  return fromBytes(end.location).replace(/^https?:\/\/[^/]+/, '') === path
}

/** The lines of a virtual host, or in force below it, that redirect. */
function redirectingLines(
  deployment: Deployment,
  { configuration, host }: AskedHost,
): readonly { readonly line: ApacheDirective; readonly directory: string | null }[] {
  const found = REDIRECTING_LINES.flatMap(name =>
    directivesIn(configuration, host?.directive ?? null, name).map(line => ({ line, directory: null })),
  )
  const inSections = directorySectionsOf(configuration, host).flatMap(({ section, directory }) =>
    REDIRECTING_LINES.flatMap(name =>
      directivesIn(configuration, section, name).map(line => ({ line, directory })),
    ),
  )
  const files = htaccessFilesOf(configuration, deployment.filesOf(configuration), host).filter(
    ({ overrides }) => overrides.known && overrides.value.reads,
  )
  return [
    ...found,
    ...inSections,
    ...files.flatMap(({ file, directory }) =>
      REDIRECTING_LINES.flatMap(name =>
        (file.occurrences.get(name) ?? []).map(line => ({ line, directory })),
      ),
    ),
  ].filter(({ line }) => line.name !== 'RewriteRule' || flagsOfRule(line).has('R'))
}

const REDIRECTING_LINES = ['redirect', 'redirectpermanent', 'redirecttemp', 'redirectmatch', 'rewriterule']

/** Targets of the redirects of one virtual host, and files of it, that lead round inside of it. */
export function* loopsWithin(deployment: Deployment, asked: AskedHost) {
  const { scheme, shown } = originOf(asked)
  const origin = `${scheme}://${shown}`
  const lines = redirectingLines(deployment, asked)
  if (lines.length === 0) return
  yield* indexLoops(deployment, asked, lines)
  const { configuration, host } = asked
  const root = directivesIn(configuration, host?.directive ?? null, 'documentroot').at(-1)?.args[0]?.value
  const files = deployment.filesOf(configuration)
  // Below which URL the directory of a .htaccess lies that no server here serves, its files show.
  const isServed = configuration.main === null || !isForHtaccess(configuration.main)
  yield* hotlinkLoops(
    deployment,
    asked,
    lines.slice(0, MOST_LINES).map(({ line }) => line),
    path => isServed || (root !== undefined && files.kind(root.replace(/\/$/, '') + path) === 'file'),
  )
  const page = root === undefined ? null : supposedPage(lines, root, files)
  for (const path of pathsOf(deployment, asked, lines, page)) {
    const urls: string[] = []
    const places: Place[] = []
    let next: string | null = path
    while (next !== null && !urls.includes(next) && urls.length < MOST_PATHS) {
      urls.push(next)
      const outcome = askWhateverStands(deployment, asked, next, page)
      const place = redirectPlace(outcome)
      next = place === null ? null : pathOn(outcome.end, origin)
      if (place !== null) places.push(place)
    }
    if (next === null) continue
    const from = urls.indexOf(next)
    const [at, ...others] = places.slice(from).sort(byPlace)
    if (at === undefined) continue
    if (from === -1) {
      yield {
        at,
        cause: `${at.source.path} ${at.start}`,
        message: `this redirect never ends: ${urls
          .slice(0, 3)
          .map(url => `\`${url}\``)
          .join(' → ')}`,
      }
      continue
    }
    yield {
      at,
      cause: `${at.source.path} ${at.start}`,
      message: `this redirect leads back to itself: ${[...urls.slice(from), next].map(url => `\`${url.replace(MISSING, 'page')}\``).join(' → ')}`,
      related: others
        .filter(other => byPlace(other, at) !== 0)
        .map(other => ({ at: other, message: 'redirects too' })),
    }
  }
}

/** What is answered, be the URL that of a directory of which nobody here knows, or of nothing. */
function askWhateverStands(
  deployment: Deployment,
  asked: AskedHost,
  url: string,
  page: string | null,
): ReturnType<typeof askHost> {
  const outcome = askHost(deployment, asked, url, page === null ? {} : { page })
  if (outcome.end.kind !== 'unknown' || !url.endsWith('/')) return outcome
  const directory = askHost(deployment, asked, url, { standing: 'directory' })
  const nothing = askHost(deployment, asked, url, { standing: 'nothing' })
  const places = [directory, nothing].map(redirectPlace)
  const isSame = places[0]?.start !== undefined && places[0].start === places[1]?.start
  return isSame ? nothing : outcome
}

/** An index that is redirected to its directory, for which mod_dir looks the index up again. */
function* indexLoops(deployment: Deployment, asked: AskedHost, lines: ReturnType<typeof redirectingLines>) {
  const { scheme, shown } = originOf(asked)
  for (const { line, directory: own } of lines.slice(0, MOST_LINES)) {
    if (!line.args.some(({ value }) => /index\\?\./.test(value))) continue
    const root = documentRoot(asked)
    const directory = own ?? (root.known ? fromBytes(root.value) : null)
    if (directory === null) continue
    const url = own === null ? '/' : urlOfDirectory(asked, directory)
    const index = url === null ? null : indexIn(deployment, asked, directory)
    if (url === null || index === null) continue
    const outcome = askHost(deployment, asked, url, { index })
    const at = redirectPlace(outcome)
    if (at === null || pathOn(outcome.end, `${scheme}://${shown}`) !== url) continue
    yield {
      at,
      cause: `${at.source.path} ${at.start}`,
      message: `mod_dir looks up \`${url}${index}\` for \`${url}\`, and this redirects it to \`${url}\` again`,
    }
  }
}

/** The index of a directory, as far as its files show which one that is. */
function indexIn(deployment: Deployment, { configuration, host }: AskedHost, directory: string) {
  const files = deployment.filesOf(configuration)
  const there = (files.list(directory.replace(/(?<=.)\/$/, '')) ?? []).flatMap(({ name, kind }) =>
    kind === 'file' && /^index\.\w+$/.test(name) ? [name] : [],
  )
  const names = directivesIn(configuration, host?.directive ?? null, 'directoryindex').at(-1)?.args
  const first = names?.find(({ value }) => there.includes(value))?.value
  return first ?? (names === undefined && there.length === 1 ? (there[0] ?? null) : null)
}

/**
 * A page of a site of which only the `.htaccess` is here, for rules that redirect its suffix away: there is one, or
 * nobody would have written them.
 */
function supposedPage(
  lines: ReturnType<typeof redirectingLines>,
  root: string,
  files: FileSystem,
): string | null {
  for (const { line } of lines) {
    const suffix = /\\\.(php|html?)\$?$/.exec(line.args[0]?.value ?? '')?.[1]
    if (line.name !== 'RewriteRule' || suffix === undefined) continue
    const has = files.list(root)?.some(({ name }) => name.endsWith(`.${suffix}`)) === true
    if (!has) return `${root.replace(/\/$/, '')}/page.${suffix}`
  }
  return null
}

/** What is worth asking for: where the redirects lead, and files whose names they may change. */
function pathsOf(
  deployment: Deployment,
  asked: AskedHost,
  lines: ReturnType<typeof redirectingLines>,
  supposed: string | null,
): readonly string[] {
  const { configuration, host } = asked
  const files = deployment.filesOf(configuration)
  const root = directivesIn(configuration, host?.directive ?? null, 'documentroot').at(-1)?.args[0]?.value
  const found = new Set<string>([PATHS.missingPage])
  for (const { line, directory } of lines.slice(0, MOST_LINES)) {
    const isRule = line.name === 'RewriteRule'
    const written = line.args[isRule ? 1 : line.args.length - 1]?.value ?? ''
    const path = written
      .replace(/^https?:\/\/[^/]*/, '')
      .replace(/\?.*$/s, '')
      .replace(/%\{REQUEST_URI\}/gi, PATHS.missingPage)
      .replace(/\$[1-9]/g, '')
    if (!isSettled(path) || /[%$]/.test(path)) continue
    const base = directory === null ? '/' : (urlOfDirectory(asked, directory) ?? '/')
    const url = path.startsWith('/') ? path : base + path
    // Nobody knows below which URL a file lies that no server here serves, so a path of the site may be another's.
    const isBeside = root === undefined || files.kind(root.replace(/\/$/, '') + url) === 'file'
    if (!isRule || configuration.main === null || !isForHtaccess(configuration.main) || isBeside)
      found.add(url)
  }
  if (supposed !== null) found.add(`/${posix.basename(supposed)}`)
  if (root !== undefined && lines.some(({ line }) => line.name === 'RewriteRule'))
    for (const extension of ['html', 'php', 'htm']) {
      const page = (files.list(root) ?? []).find(
        ({ name, kind }) =>
          kind === 'file' &&
          /^[a-z][\w-]*\.\w+$/i.test(name) &&
          name.endsWith(`.${extension}`) &&
          !name.startsWith('index.'),
      )
      if (page !== undefined) found.add(`/${page.name}`).add(`/${page.name.replace(/\.\w+$/, '')}`)
    }
  return [...found].slice(0, MOST_PATHS)
}

/** No more lines of one host are looked at. */
const MOST_LINES = 40

/** The path and query of a redirect to the same origin. */
function pathOn(end: ApacheEnd, origin: string): string | null {
  if (end.kind !== 'response' || end.location === null) return null
  const location = fromBytes(end.location)
  return location.startsWith(`${origin}/`) ? location.slice(origin.length).replace(/#.*$/s, '') : null
}

/** The target of the line that redirects; null for an answer that is none, and for what mod_dir does by itself. */
function redirectPlace({ steps, end }: ReturnType<typeof askHost>): Place | null {
  if (end.kind !== 'response' || end.location === null) return null
  const line = lastLine(steps, 'rewrite', 'redirect')
  if (line === null) return null
  return argumentPlace(line, line.name === 'RewriteRule' ? 1 : line.args.length - 1)
}

/**
 * A rule of `.htaccess` that sends every name but one to that name with or without `www.`, which is not the one that
 * it leaves out; one that sends a name to itself; and one that puts `www.` in front of every name.
 */
export function* namesAgainstThemselves(deployment: Deployment, asked: AskedHost) {
  const { configuration } = asked
  const lines = redirectingLines(deployment, asked).slice(0, MOST_LINES)
  yield* doubledWww(
    deployment,
    asked,
    lines.map(({ line }) => line),
  )
  for (const { line, directory } of lines) {
    if (directory === null || line.name !== 'RewriteRule') continue
    const [, scheme, name = ''] =
      /^(https?):\/\/([\w-]+(?:\.[\w-]+)+)(?:\/|$)/i.exec(line.args[1]?.value ?? '') ?? []
    if (scheme === undefined) continue
    const target = name.toLowerCase()
    const rule = placedRule(configuration, deployment.filesOf(configuration), line)
    const condition = rule?.conditions.find(
      ({ input, negated, pattern }) =>
        /^%\{HTTP_HOST\}$/i.test(input) &&
        (negated ? isSameButForWww(target, plainName(pattern)) : plainName(pattern) === target),
    )
    if (condition === undefined) continue
    const question = { name: target, scheme: scheme.toLowerCase() === 'https' ? 'https' : 'http' } as const
    const { end, steps } = askHost(deployment, asked, PATHS.missingPage, question)
    if (end.kind !== 'response' || end.location === null) continue
    if (lastLine(steps, 'rewrite') !== line) continue
    if (fromBytes(end.location).toLowerCase() !== `${question.scheme}://${target}${PATHS.missingPage}`)
      continue
    yield {
      at: argumentPlace(condition.directive, 1),
      message: `\`${target}\` ${condition.negated ? 'is not' : 'is'} \`${plainName(condition.pattern)}\`, so \`${question.scheme}://${target}/page\` is redirected to itself`,
      related: [{ at: argumentPlace(line, 1), message: 'redirects' }],
    }
  }
}

function plainName(pattern: string): string {
  return pattern
    .replace(/^\^|\$$/g, '')
    .replaceAll('\\.', '.')
    .toLowerCase()
}

function isSameButForWww(one: string, other: string): boolean {
  return one === `www.${other}` || other === `www.${one}`
}

export const MOST_PATHS = 12

export function byPlace(one: Place, other: Place): number {
  if (one.source !== other.source) return one.source.path < other.source.path ? -1 : 1
  return one.start - other.start
}
