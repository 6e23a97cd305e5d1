import { apacheDirective, apacheSection } from '../../../src/servers/apache/directives.ts'
import { apacheModule } from '../../../src/servers/apache/modules.ts'
import type { Lay } from '../files.ts'
import {
  type Entry,
  everyEntry,
  type Forest,
  is,
  line,
  ofBodies,
  ofEntries,
  ofForests,
  section,
  type Surrounding,
  withModules,
  words,
} from './trees.ts'

/** What `<IfModule>` around it would not be the same for: what loads, defines or includes. */
const OUTSIDE = /^(?:LoadModule|Define|Include\w*|<If\w*|<Macro|Use|Else\w*)$/

/** Modules in whose conditions people put lines; those of passwords are asked for together or not at all. */
const USUAL =
  /^(?:rewrite|headers|ssl|proxy|alias|dir|mime|expires|deflate|setenvif|env|wsgi|authz_core|autoindex|status|remoteip)_module$/

/** The one module that has this line, if it is loaded and not a part of the core. */
function moduleOf({ name }: Entry, { mayLoad }: Surrounding): string | null {
  if (name === '' || OUTSIDE.test(name)) return null
  const facts = name.startsWith('<')
    ? apacheSection(name.slice(1).toLowerCase())
    : apacheDirective(name.toLowerCase())
  const [id, ...others] = facts?.modules ?? []
  if (id === undefined || others.length > 0 || !USUAL.test(id)) return null
  const module = apacheModule(id)
  return module?.sharedObject != null && mayLoad(id.replace('_module', '')) ? id : null
}

/** Runs of lines of one module in an `<IfModule>` of it. */
function conditioned(nameOf: (id: string) => string): Lay {
  return ofBodies((body, _, of) => {
    // Before its module is loaded, a condition of it does not hold.
    const loads = body.findLastIndex(entry => is(entry, 'LoadModule'))
    const runs: { readonly id: string | null; readonly entries: Entry[] }[] = []
    for (const [index, entry] of body.entries()) {
      const id = index < loads ? null : moduleOf(entry, of)
      const last = runs.at(-1)
      if (last?.id === id) last.entries.push(entry)
      else runs.push({ id, entries: [entry] })
    }
    return runs.flatMap(({ id, entries }) =>
      id === null ? entries : [section(entries[0]?.indent ?? '', 'IfModule', nameOf(id), entries)],
    )
  })
}

/** As Debian's `default-ssl.conf`: the virtual host of TLS within `<IfModule mod_ssl.c>`. */
const hostInIfModule = ofEntries((entry, _, { mayLoad }) => {
  const isOfTls = is(entry, '<VirtualHost') && entry.body?.some(({ name }) => name === 'SSLEngine') === true
  return isOfTls && mayLoad('ssl') ? [section(entry.indent, 'IfModule', 'mod_ssl.c', [entry])] : [entry]
})

const ifVersion = ofEntries(entry =>
  is(entry, 'Require') ? [section(entry.indent, 'IfVersion', '>= 2.4', [entry])] : [entry],
)

/** What access control of 2.2 says of everybody, some addresses or nobody; null where it has no words for it. */
function oldAccess({ indent, rest }: Entry): Forest | null {
  const [kind, ...of] = words(rest.toLowerCase())
  if (kind === 'all' && of[0] === 'granted')
    return [line(indent, 'Order', 'allow,deny'), line(indent, 'Allow', 'from all')]
  if (kind === 'all' && of[0] === 'denied')
    return [line(indent, 'Order', 'deny,allow'), line(indent, 'Deny', 'from all')]
  const from = kind === 'local' ? '127.0.0.1 ::1' : kind === 'ip' ? of.join(' ') : null
  return from === null
    ? null
    : [
        line(indent, 'Order', 'deny,allow'),
        line(indent, 'Deny', 'from all'),
        line(indent, 'Allow', `from ${from}`),
      ]
}

function isAlone(entry: Entry, siblings: Forest): boolean {
  return (
    siblings.filter(({ name }) => /^(?:Require|<Require\w+|Order|Allow|Deny|Satisfy)$/i.test(name)).length ===
      1 && is(entry, 'Require')
  )
}

/** `Order`, `Allow` and `Deny` for every `Require`, where all of them can be said so, and no other file may have one. */
const accessOf22: Lay = files => {
  let isWhole = Object.values(files).some(text => /^LoadModule\s/m.test(text))
  const laid = ofBodies((body, around) =>
    body.flatMap(entry => {
      if (!/^(?:<?Require\w*|Satisfy)$/.test(entry.name)) return [entry]
      const old =
        isAlone(entry, body) && !is(around.at(-1) ?? entry, '<RequireAll', '<RequireAny', '<RequireNone')
          ? oldAccess(entry)
          : null
      if (old === null) isWhole = false
      return old ?? [entry]
    }),
  )(files)
  return laid !== null && isWhole ? withModules(laid, ['access_compat', 'authz_host']) : null
}

/** Both, as frameworks bring it: for a server with `mod_authz_core` and for one without. */
const accessOfBoth = ofBodies((body, around, { mayLoad }) =>
  body.flatMap(entry => {
    const old =
      mayLoad('authz_core') &&
      isAlone(entry, body) &&
      !/^<(?:Require|Limit|If)/.test(around.at(-1)?.name ?? '')
        ? oldAccess(entry)
        : null
    return old === null
      ? [entry]
      : [
          section(entry.indent, 'IfModule', 'mod_authz_core.c', [entry]),
          section(entry.indent, 'IfModule', '!mod_authz_core.c', old),
        ]
  }),
)

/** All conditions of a section in `<RequireAll>`, or in `<RequireAny>` where one is enough. */
const requireSections = ofBodies((body, around) => {
  const isNested = /^<(?:Require|If)/.test(around.at(-1)?.name ?? '')
  const required = body.filter(entry => is(entry, 'Require'))
  const [first] = required
  if (isNested || first === undefined || body.some(({ name }) => /^(?:<Require|Satisfy)/.test(name)))
    return body
  const around_ = section(first.indent, required.length > 1 ? 'RequireAny' : 'RequireAll', '', required)
  return body.flatMap(entry => (entry === first ? [around_] : required.includes(entry) ? [] : [entry]))
})

/** `Options +Indexes +FollowSymLinks`, where nothing else in the files sets any. */
const signedOptions: Lay = files => {
  const laid = ofForests(forest => {
    const lines = everyEntry(forest).filter(entry => is(entry, 'Options'))
    const [only] = lines
    if (
      lines.length !== 1 ||
      only === undefined ||
      !/FollowSymLinks/.test(only.rest) ||
      /[+-]/.test(only.rest)
    )
      return forest
    const rest = words(only.rest)
      .map(option => `+${option}`)
      .join(' ')
    const replace = (body: Forest): Forest =>
      body.map(entry =>
        entry === only
          ? line(entry.indent, 'Options', rest)
          : { ...entry, body: entry.body === null ? null : replace(entry.body) },
      )
    return replace(forest)
  })(files)
  const count =
    Object.values(files)
      .join('\n')
      .match(/^\s*Options\s/gm)?.length ?? 0
  return count === 1 ? laid : null
}

/** Conditions and grants of Apache's files. */
export const apacheConditions: Readonly<Record<string, Lay>> = {
  apacheIfModuleFile: conditioned(id => apacheModule(id)?.file ?? id),
  apacheIfModuleName: conditioned(id => id),
  apacheHostInIfModule: hostInIfModule,
  apacheIfVersion: ifVersion,
  apacheAccessOf22: accessOf22,
  apacheAccessOfBoth: accessOfBoth,
  apacheRequireSections: requireSections,
  apacheSignedOptions: signedOptions,
}
