import type { Lay } from '../files.ts'
import {
  bare,
  type Entry,
  everyEntry,
  type Forest,
  is,
  line,
  ofBodies,
  section,
  withModules,
  words,
} from './trees.ts'

/** `ProxyPass /x http://backend/x`, with nothing of its own behind, beside no other that could be asked first. */
interface Pass {
  readonly path: string
  readonly target: string
}

function passOf({ name, rest }: Entry): Pass | null {
  const [path = '', target = '', ...parameters] = words(rest).map(bare)
  const isPlain =
    name === 'ProxyPass' &&
    /^\/[\w./-]*$/.test(path) &&
    /^(?:https?|ajp|wss?|uwsgi|scgi|fcgi):\/\/[\w.:/-]+$/.test(target)
  return isPlain && parameters.length === 0 ? { path, target } : null
}

/** The only line of a body that proxies, with its `ProxyPassReverse`, where it stands in a server. */
function onlyPass(
  body: Forest,
  around: Forest,
): { readonly entry: Entry; readonly reverse: Entry | null; readonly pass: Pass } | null {
  if (around.some(entry => !is(entry, '<VirtualHost', '<IfModule'))) return null
  const all = everyEntry(body).filter(({ name }) => /^ProxyPass(?:Match)?$/.test(name))
  const [entry] = body.filter(each => is(each, 'ProxyPass'))
  const pass = entry === undefined ? null : passOf(entry)
  if (entry === undefined || all.length !== 1 || pass === null) return null
  const reverse = body.find(
    each => is(each, 'ProxyPassReverse') && bare(words(each.rest)[0] ?? '') === pass.path,
  )
  return { entry, reverse: reverse ?? null, pass }
}

function instead(
  write: (
    pass: Pass,
    indent: string,
    of: { readonly reverse: Entry | null; readonly body: Forest },
  ) => Forest | null,
): Lay {
  return ofBodies((body, around) => {
    const found = onlyPass(body, around)
    if (found === null) return body
    const { entry, reverse, pass } = found
    const written = write(pass, entry.indent, { reverse, body })
    if (written === null) return body
    return body.flatMap(each =>
      each === entry
        ? written
        : each === reverse && written.some(({ name }) => name === '<Location')
          ? []
          : [each],
    )
  })
}

/** `<Location /x>` with both lines. */
const inLocation = instead(({ path, target }, indent, { reverse }) => [
  section(indent, 'Location', path, [
    line(`${indent}    `, 'ProxyPass', target),
    ...(reverse === null
      ? []
      : [line(`${indent}    `, 'ProxyPassReverse', words(reverse.rest)[1] ?? target)]),
  ]),
])

/** `<Location /x>` with nothing but these lines as those of its server, where only one is there. */
const outOfLocation = ofBodies((body, around) => {
  if (around.some(entry => !is(entry, '<VirtualHost', '<IfModule'))) return body
  const isAlone = everyEntry(body).filter(({ name }) => /^ProxyPass(?:Match)?$/.test(name)).length === 1
  return body.flatMap(entry => {
    const lines = entry.body?.filter(({ name }) => name !== '') ?? []
    const isPlain = is(entry, '<Location') && /^"?\/[\w./-]*"?$/.test(entry.rest) && lines.length > 0
    if (!isAlone || !isPlain || !lines.every(each => is(each, 'ProxyPass', 'ProxyPassReverse')))
      return [entry]
    return lines.map(({ name, rest }) => line(entry.indent, name, `${bare(entry.rest)} ${rest}`))
  })
})

/** A pattern for all below a path, with what stands behind its slash. */
function below(path: string): string {
  return `^${path.replace(/\/$/, '').replaceAll('.', '\\.')}/(.*)$`
}

const byPattern = instead(({ path, target }, indent) =>
  path.endsWith('/') && target.endsWith('/')
    ? [line(indent, 'ProxyPassMatch', `${below(path)} ${target}$1`)]
    : null,
)

const byRewrite: Lay = files => {
  const laid = instead(({ path, target }, indent, { body }) => {
    const isWhole = path.endsWith('/') && target.endsWith('/')
    return isWhole && !everyEntry(body).some(({ name }) => /^Rewrite|Redirect|^<Location/.test(name))
      ? [line(indent, 'RewriteEngine', 'On'), line(indent, 'RewriteRule', `${below(path)} ${target}$1 [P,L]`)]
      : null
  })(files)
  return laid === null ? null : withModules(laid, ['rewrite'])
}

/** What keeps its path, by a rule with `%{REQUEST_URI}`. */
const byRewriteOfUri: Lay = files => {
  const laid = instead(({ path, target }, indent, { body }) => {
    const [, origin = '', rest = ''] = /^([a-z]+:\/\/[^/]+)(\/.*)?$/.exec(target) ?? []
    const isOther = everyEntry(body).some(({ name }) => /^Rewrite|Redirect|^<Location/.test(name))
    if (path !== rest || isOther) return null
    const rule = `${path === '/' ? '^' : `^${path.replaceAll('.', '\\.')}`} ${origin}%{REQUEST_URI} [P,QSA]`
    return [line(indent, 'RewriteEngine', 'On'), line(indent, 'RewriteRule', rule)]
  })(files)
  return laid === null ? null : withModules(laid, ['rewrite'])
}

/** A balancer of one member, in its section or outside of it. */
const balancer = balanced((indent, name, member) =>
  section(indent, 'Proxy', name, [line(`${indent}    `, 'BalancerMember', member)]),
)
const balancerLine = balanced((indent, name, member) => line(indent, 'BalancerMember', `${name} ${member}`))

function balanced(write: (indent: string, name: string, member: string) => Entry): Lay {
  return files => {
    const laid = instead(({ path, target }, indent) => {
      const [, origin, rest = ''] = /^(http:\/\/[^/]+)(\/.*)?$/.exec(target) ?? []
      return origin === undefined
        ? null
        : [
            write(indent, 'balancer://shop', origin),
            line(indent, 'ProxyPass', `${path} balancer://shop${rest}`),
          ]
    })(files)
    return laid === null ? null : withModules(laid, ['proxy_balancer', 'slotmem_shm', 'lbmethod_byrequests'])
  }
}

/** Proxies of Apache. */
export const apacheProxies: Readonly<Record<string, Lay>> = {
  apachePassInLocation: inLocation,
  apachePassOutOfLocation: outOfLocation,
  apachePassMatch: byPattern,
  apachePassByRewrite: byRewrite,
  apachePassByUri: byRewriteOfUri,
  apacheBalancer: balancer,
  apacheBalancerLine: balancerLine,
}
