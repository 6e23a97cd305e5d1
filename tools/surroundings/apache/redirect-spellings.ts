import type { Lay } from '../files.ts'
import {
  bare,
  type Entry,
  everyEntry,
  is,
  isHtaccess,
  line,
  ofBodies,
  ofEntries,
  withModules,
  words,
} from './trees.ts'

const STATUSES: Readonly<Record<string, string>> = {
  permanent: '301',
  temp: '302',
  seeother: '303',
  '301': '301',
  '302': '302',
  '303': '303',
  '307': '307',
  '308': '308',
}

/** The words of a redirect of one path and all below: `[status, path, target]`. */
function redirectOf({ name, rest }: Entry): readonly [status: string, path: string, target: string] | null {
  const given = words(rest).map(bare)
  const [status, path = '', target = ''] =
    name === 'RedirectPermanent'
      ? ['301', ...given]
      : name === 'RedirectTemp'
        ? ['302', ...given]
        : given.length === 2
          ? ['302', ...given]
          : given
  const number = STATUSES[status ?? '']
  const isPlain =
    /^Redirect(?:Permanent|Temp)?$/.test(name) &&
    /^\/[\w./-]*$/.test(path) &&
    /^(?:https?:\/\/[\w.:-]+)?\/?[\w./-]*$/.test(target)
  return isPlain && number !== undefined && target !== '' ? [number, path, target] : null
}

/** What stands behind the path of a redirect, as `(…)` of a pattern. */
function behind(path: string): string {
  const plain = path.replaceAll('.', '\\.')
  return path.endsWith('/') ? `^${plain}(.*)$` : `^${plain}(/.*)?$`
}

const redirectMatch = ofEntries(entry => {
  const redirect = redirectOf(entry)
  if (redirect === null) return [entry]
  const [status, path, target] = redirect
  return [line(entry.indent, 'RedirectMatch', `${status} ${behind(path)} ${target}$1`)]
})

/** In servers, without rewriting of their own or another redirect that would then come later. */
const redirectByRewrite: Lay = files => {
  const laid = ofBodies((body, around, { path: place }) => {
    const isServer = !isHtaccess(place) && around.every(entry => is(entry, '<VirtualHost', '<IfModule'))
    const isOther = everyEntry(body).some(({ name }) =>
      /^(?:Rewrite\w+|RedirectMatch|ProxyPass\w*|<Location|<If|Alias\w*|ScriptAlias\w*)$/.test(name),
    )
    const redirects = body.filter(entry => /^Redirect/.test(entry.name))
    if (!isServer || isOther || redirects.length === 0) return body
    return body.flatMap(entry => {
      const redirect = redirectOf(entry)
      if (redirect === null) return [entry]
      const [status, path, target] = redirect
      return [
        ...(entry === redirects[0] ? [line(entry.indent, 'RewriteEngine', 'On')] : []),
        line(entry.indent, 'RewriteRule', `${behind(path)} ${target}$1 [R=${status},L]`),
      ]
    })
  })(files)
  return laid === null ? null : withModules(laid, ['rewrite'])
}

const redirectWords = ofEntries(entry => {
  const redirect = redirectOf(entry)
  if (redirect === null) return [entry]
  const [status, path, target] = redirect
  const isLong = entry.name !== 'Redirect'
  if (status === '301')
    return [
      isLong
        ? line(entry.indent, 'Redirect', `301 ${path} ${target}`)
        : line(entry.indent, 'RedirectPermanent', `${path} ${target}`),
    ]
  if (status === '302')
    return [
      line(
        entry.indent,
        'Redirect',
        words(entry.rest).length === 2 ? `temp ${path} ${target}` : `${path} ${target}`,
      ),
    ]
  return [entry]
})

const LONG: Readonly<Record<string, string>> = {
  L: 'last',
  R: 'redirect',
  NC: 'nocase',
  OR: 'ornext',
  QSA: 'qsappend',
  P: 'proxy',
  F: 'forbidden',
  G: 'gone',
  PT: 'passthrough',
  E: 'env',
  NE: 'noescape',
  C: 'chain',
  N: 'next',
  S: 'skip',
  T: 'type',
  H: 'handler',
  QSD: 'qsdiscard',
  NS: 'nosubreq',
}

/** The flags of rules and conditions, written otherwise. */
function flagged(write: (flags: readonly string[]) => readonly string[]): Lay {
  return ofEntries(entry => {
    const flags = is(entry, 'RewriteRule', 'RewriteCond')
      ? /^(.*\S\s+)\[([\w=,:/.-]+)\]$/s.exec(entry.rest)
      : null
    if (flags === null) return [entry]
    return [line(entry.indent, entry.name, `${flags[1]}[${write((flags[2] ?? '').split(',')).join(',')}]`)]
  })
}

const longFlags = flagged(flags =>
  flags.map(flag => {
    const [name = '', ...value] = flag.split('=')
    return [LONG[name] ?? name, ...value].join('=')
  }),
)

const turnedFlags = flagged(flags =>
  flags.some(flag => /^(?:E|S|N|CO|C|env|chain|skip|next)\b/.test(flag)) ? flags : [...flags].reverse(),
)

const OFF = ['off', '!=on', '!on', '^off$'] as const
const ON = ['on', '=on', '!=off', '!off'] as const

/** `%{HTTPS} off` in another of its ways. */
function httpsAs(index: number): Lay {
  return ofEntries(entry => {
    const [variable = '', pattern = '', ...flags] = is(entry, 'RewriteCond') ? words(entry.rest) : []
    const list = [OFF, ON].find(ways => ways.some(way => way === bare(pattern)))
    const other = list?.[index]
    if (!/^%\{HTTPS\}$/.test(variable) || other === undefined) return [entry]
    return [line(entry.indent, 'RewriteCond', [variable, other, ...flags].join(' '))]
  })
}

/** Redirects and rules of Apache. */
export const apacheRedirects: Readonly<Record<string, Lay>> = {
  apacheRedirectMatch: redirectMatch,
  apacheRedirectByRewrite: redirectByRewrite,
  apacheRedirectWords: redirectWords,
  apacheLongFlags: longFlags,
  apacheTurnedFlags: turnedFlags,
  apacheHttpsNotOn: httpsAs(1),
  apacheHttpsPattern: httpsAs(2),
}
