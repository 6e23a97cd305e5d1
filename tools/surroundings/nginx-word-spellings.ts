import type { NginxDirectiveNode } from '../../parsers/nginx/syntax.ts'
import type { Files, Lay } from './files.ts'
import {
  argumentsOf,
  before,
  eachDirective,
  eachFile,
  edited,
  inside,
  isServer,
  locationName,
  locationsOf,
  type Nested,
  nestedIn,
  type NginxEdit,
  type NginxFile,
  replaced,
  serversIn,
  serversOf,
  textOf,
} from './nginx-edits.ts'

const PASS = /^(?:proxy|fastcgi|uwsgi)_pass$/

/** The same server in other words of nginx. */
export const nginxWordSpellings: Readonly<Record<string, Lay>> = {
  toUpstream: eachFile(toUpstream),
  fromUpstream: eachFile(fromUpstream),
  setBackend: eachDirective(setBackend),
  localhost: eachDirective(({ node }) => {
    const [address = ''] = argumentsOf(node)
    return PASS.test(node.name.value) && /^(?:https?:\/\/)?127\.0\.0\.1[:/]/.test(address)
      ? [replaced(node, `${node.name.value} ${address.replace('127.0.0.1', 'localhost')};`)]
      : []
  }),
  namedLocation: eachServer(namedLocation),
  preferredLocation: eachLocation((name, _, others) =>
    name === '/' || others.some(other => argumentsOf(other)[0]?.startsWith('~')) ? null : `^~ ${name}`,
  ),
  patternLocation: eachLocation(asPattern),
  nestedLocations: eachServer(nestedLocations),
  aliasAsRoot: eachLocation((name, location) => {
    const [alias] = inside(location, 'alias')
    const path = alias === undefined ? undefined : argumentsOf(alias)[0]
    return path?.endsWith(name) && alias !== undefined && path !== name
      ? [replaced(alias, `root ${path.slice(0, -name.length)};`)]
      : null
  }),
  rootAsAlias: eachLocation((name, location) => {
    const [root] = inside(location, 'root')
    const path = root === undefined ? undefined : argumentsOf(root)[0]
    if (root === undefined || path === undefined || name === '/' || inside(location, 'try_files').length > 0)
      return null
    return [replaced(root, `alias ${path.replace(/\/$/, '')}${name};`)]
  }),
  strippedByRewrite: eachLocation((name, location) => {
    const [pass] = inside(location, 'proxy_pass')
    const address = /^https?:\/\/[^/$]+(?=\/$)/.exec(
      pass === undefined ? '' : (argumentsOf(pass)[0] ?? ''),
    )?.[0]
    if (pass === undefined || address === undefined || !name.endsWith('/') || name === '/') return null
    return [replaced(pass, `rewrite ^${escaped(name)}(.*)$ /$1 break; proxy_pass ${address};`)]
  }),
  listenStar: eachListen(([address = '', ...options]) =>
    /^\d+$/.test(address) ? [[`*:${address}`, ...options]] : null,
  ),
  listenZero: eachListen(([address = '', ...options]) =>
    /^\d+$/.test(address) ? [[`0.0.0.0:${address}`, ...options]] : null,
  ),
  listenBoth: eachListen(([address = '', ...options], all) =>
    /^\d+$/.test(address) && !all.some(other => other.startsWith('['))
      ? [
          [address, ...options],
          [`[::]:${address}`, ...options],
        ]
      : null,
  ),
  noListen: eachListen((words, all) => (words.join(' ') === '80' && all.length === 1 ? [] : null)),
  withHttp2: eachListen(words =>
    words.includes('ssl') && !words.includes('http2') ? [[...words, 'http2']] : null,
  ),
  sslOn: eachListen(
    (words, all) =>
      words.includes('ssl') && all.length === 1 ? [words.filter(word => word !== 'ssl')] : null,
    'ssl on;',
  ),
  defaultServer,
  rewriteRedirect: eachDirective(({ node }) => redirect(node, target => `^ ${target}?`)),
  rewriteCapture: eachDirective(({ node }) =>
    redirect(node, target =>
      target.endsWith('$request_uri') ? `^(.*)$ ${target.replace('$request_uri', '$1')}` : null,
    ),
  ),
  namePerLine: eachDirective(({ node }, file) =>
    node.name.value === 'server_name' && node.args.length > 1
      ? [replaced(node, node.args.map(word => `server_name ${textOf(file, word)};`).join('\n    '))]
      : [],
  ),
  sentBySet: eachDirective(sentBySet),
}

function eachServer(edits: (server: NginxDirectiveNode, file: NginxFile) => readonly NginxEdit[]): Lay {
  return eachDirective((nested, file) => (isServer(nested) ? edits(nested.node, file) : []))
}

/** Each location of a prefix directly in a server: another name for it, or edits. */
function eachLocation(
  spelled: (
    name: string,
    location: NginxDirectiveNode,
    others: readonly NginxDirectiveNode[],
  ) => string | readonly NginxEdit[] | null,
): Lay {
  return eachServer(server => {
    const all = locationsOf(server)
    return inside(server, 'location').flatMap((location): readonly NginxEdit[] => {
      const name = locationName(location)
      const last = location.args.at(-1)
      if (name === null || location.args.length !== 1 || last === undefined) return []
      const laid = spelled(
        name,
        location,
        all.filter(other => other !== location),
      )
      if (laid === null) return []
      return typeof laid === 'string' ? [{ start: last.start, end: last.end, text: laid }] : laid
    })
  })
}

/** Each `listen` of http: its words anew, as several of them or none. */
function eachListen(
  spelled: (words: readonly string[], all: readonly string[]) => readonly (readonly string[])[] | null,
  more = '',
): Lay {
  return eachServer(server => {
    const all = inside(server, 'listen')
    return all.flatMap(node => {
      const laid = spelled(
        argumentsOf(node),
        all.map(other => argumentsOf(other)[0] ?? ''),
      )
      return laid === null
        ? []
        : [replaced(node, [...laid.map(words => `listen ${words.join(' ')};`), more].join('\n    ').trim())]
    })
  })
}

function escaped(text: string): string {
  return text.replace(/[.+*?()[\]{}|$^\\]/g, '\\$&')
}

/** One upstream for each address, unless the name of it would be sent as the host. */
function toUpstream(file: NginxFile): string {
  const names = new Map<string, string>()
  const passes = [...nestedIn(file.children)].flatMap((nested): readonly NginxEdit[] => {
    const { node } = nested
    const [address = ''] = argumentsOf(node)
    const [, scheme = '', server, uri = ''] =
      /^(https?:\/\/)?(unix:[^:$]+|[^/$:]+:\d+)(?::(?=\/))?(\/[^$]*)?$/.exec(address) ?? []
    if (!PASS.test(node.name.value) || server === undefined || !isHostSent(nested)) return []
    const name = names.get(server) ?? `shop_${names.size}`
    names.set(server, name)
    return [replaced(node, `${node.name.value} ${scheme}${name}${uri};`)]
  })
  const [first] = serversIn(file.children)
  if (first === undefined || passes.length === 0 || /proxy_ssl_|\$proxy_host/.test(file.text))
    return file.text
  const blocks = [...names].map(([server, name]) => `upstream ${name} {\n    server ${server};\n}\n`)
  return edited(file.text, [...passes, before(first, blocks.join(''))])
}

/** The address of an upstream in place of its name, where it has but one server and nothing else. */
function fromUpstream(file: NginxFile): string {
  const all = [...nestedIn(file.children)]
  if (/proxy_ssl_|\$proxy_host/.test(file.text)) return file.text
  const found = all.flatMap(({ node }) => {
    const [server, ...others] = inside(node)
    const [address = '', ...options] = server === undefined ? [] : argumentsOf(server)
    const name = argumentsOf(node)[0]
    if (node.name.value !== 'upstream' || name === undefined || others.length + options.length > 0) return []
    return /^[^:]+:\d+$/.test(address) ? [{ node, name, address }] : []
  })
  return edited(
    file.text,
    found.flatMap(({ node, name, address }) => {
      const users = all.filter(
        nested => /_pass$/.test(nested.node.name.value) && hostOf(nested.node) === name,
      )
      if (users.length === 0 || !users.every(isHostSent)) return []
      return [
        replaced(node, ''),
        ...users.map(user =>
          replaced(
            user.node,
            `${user.node.name.value} ${(argumentsOf(user.node)[0] ?? '').replace(name, address)};`,
          ),
        ),
      ]
    }),
  )
}

function hostOf(pass: NginxDirectiveNode): string {
  return (argumentsOf(pass)[0] ?? '').replace(/^\w+:\/\//, '').replace(/\/.*$/, '')
}

/** True where the host that a backend gets does not come from the address. */
function isHostSent({ node, around }: Nested): boolean {
  if (node.name.value !== 'proxy_pass') return true
  const level = around.findLast(block => inside(block, 'proxy_set_header').length > 0)
  return (
    level !== undefined &&
    inside(level, 'proxy_set_header').some(line => /^host$/i.test(argumentsOf(line)[0] ?? ''))
  )
}

function setBackend({ node }: Nested, file: NginxFile): readonly NginxEdit[] {
  const [, scheme = '', address] =
    /^(https?:\/\/)?(\d+(?:\.\d+){3}:\d+)$/.exec(argumentsOf(node)[0] ?? '') ?? []
  if (!PASS.test(node.name.value) || address === undefined || file.text.includes('proxy_redirect default'))
    return []
  return [replaced(node, `set $backend ${address}; ${node.name.value} ${scheme}$backend;`)]
}

/** Files first, of which there are none, then the backend. */
function namedLocation(server: NginxDirectiveNode, file: NginxFile): readonly NginxEdit[] {
  const location = inside(server, 'location').find(node => locationName(node) === '/')
  const lines = location === undefined ? [] : inside(location)
  const pass = lines.find(({ name }) => PASS.test(name.value))
  if (location?.block == null || pass === undefined || hasUri(pass)) return []
  if (
    /\broot\b|\balias\b/.test(file.text) ||
    lines.some(({ block, name }) => block !== null || name.value === 'try_files')
  )
    return []
  return [
    {
      start: location.block.start,
      end: location.block.start,
      text: '{ try_files $uri @shop; }\nlocation @shop ',
    },
  ]
}

function hasUri(pass: NginxDirectiveNode): boolean {
  return pass.name.value === 'proxy_pass' && !/^https?:\/\/[^/]+$/.test(argumentsOf(pass)[0] ?? '')
}

function asPattern(
  name: string,
  location: NginxDirectiveNode,
  others: readonly NginxDirectiveNode[],
): string | null {
  const isBefore = others.some(other => {
    const prefix = locationName(other)
    const first = argumentsOf(other)[0] ?? ''
    return prefix === null ? !/^[=@]/.test(first) : prefix.startsWith(name)
  })
  const isBound = inside(location).some(
    node =>
      /^(?:alias|location|proxy_redirect)$/.test(node.name.value) ||
      (PASS.test(node.name.value) && hasUri(node)),
  )
  return isBefore || isBound || (name.endsWith('/') && name !== '/') ? null : `~ ^${escaped(name)}`
}

/** All locations in one for the whole site, where there was none. */
function nestedLocations(server: NginxDirectiveNode, file: NginxFile): readonly NginxEdit[] {
  const all = inside(server, 'location').filter(node => !argumentsOf(node)[0]?.startsWith('@'))
  const [first, ...others] = all
  if (
    first === undefined ||
    all.some(node => locationName(node) === '/') ||
    inside(server, 'try_files').length > 0
  )
    return []
  return [
    replaced(first, `location / {\n${all.map(node => textOf(file, node)).join('\n')}\n}`),
    ...others.map(node => replaced(node, '')),
  ]
}

/** The word that says what is so without it, for the one server that there is. */
function defaultServer(files: Files): Files | null {
  const [server, ...others] = serversOf(files)
  if (server === undefined || others.length > 0) return null
  if (inside(server, 'listen').some(node => /^default(?:_server)?$/m.test(argumentsOf(node).join('\n'))))
    return null
  return eachListen(words => [[...words, 'default_server']])(files)
}

function redirect(
  node: NginxDirectiveNode,
  spelled: (target: string) => string | null,
): readonly NginxEdit[] {
  const [code, target] = argumentsOf(node)
  if (node.name.value !== 'return' || target === undefined || !/^30[12]$/.test(code ?? '')) return []
  if (!/^(?:https?|\$scheme):\/\/(?:[\w.-]+|\$[a-z_]+)(?::\d+)?(?:\/?|\$request_uri)$/.test(target)) return []
  const words = spelled(target)
  return words === null
    ? []
    : [replaced(node, `rewrite ${words} ${code === '301' ? 'permanent' : 'redirect'};`)]
}

/** A header by a variable of its own. */
function sentBySet({ node, around }: Nested, file: NginxFile): readonly NginxEdit[] {
  const [header, value] = node.args
  if (node.name.value !== 'proxy_set_header' || header === undefined || value === undefined) return []
  if (around.at(-1)?.name.value !== 'location') return []
  if (!/^\$(?:host|http_host|scheme|remote_addr|http_upgrade|server_name)$/.test(value.value)) return []
  const variable = `$sent_${header.value.toLowerCase().replace(/\W/g, '_')}`
  const line = `set ${variable} ${textOf(file, value)}; proxy_set_header ${textOf(file, header)} ${variable};`
  return [replaced(node, line)]
}
