import type { NginxDirectiveNode } from '../../parsers/nginx/syntax.ts'
import { entriesOf, type Files, type Lay } from './files.ts'
import {
  argumentsOf,
  before,
  behind,
  directives,
  eachFile,
  edited,
  inside,
  isServer,
  locationName,
  locationsOf,
  nestedIn,
  type NginxEdit,
  type NginxFile,
  nginxFiles,
  replaced,
  serversIn,
  serversOf,
  textOf,
} from './nginx-edits.ts'

/** What a block takes from those around it where it has none of its own. */
const INHERITED =
  /^(?:(?:proxy|fastcgi|uwsgi|scgi|grpc)_(?!pass$|redirect$|cache_path$|temp_path$|store|bind$).*|add_header|client_(?:max_body_size|body_.*)|send_timeout|keepalive_.*|expires|gzip(?:_.*)?|auth_basic(?:_user_file)?|auth_request|allow|deny|satisfy|limit_(?:req|conn)|root|index|autoindex|ssl_(?!engine$|preread$).*|server_tokens|access_log|error_log|sendfile|resolver(?:_timeout)?|charset|default_type|etag|if_modified_since|large_client_header_buffers|underscores_in_headers|port_in_redirect|absolute_redirect|open_file_cache.*)$/
const REWRITES = /^(?:if|return|rewrite|try_files)$/
const MAIN = 'etc/nginx/nginx.conf'

/** The same lines at other levels and in other files. */
export const nginxSpellings: Readonly<Record<string, Lay>> = {
  locationLinesInServer: eachFile(locationLinesInServer),
  serverLinesInHttp,
  sitesEnabled: ownFile('sites-enabled', 'example.org', 'include /etc/nginx/sites-enabled/*;'),
  confD: ownFile('conf.d', 'example.org.conf', 'include conf.d/*.conf;'),
  stockMain,
  locationSnippet: snippet('proxy', ({ children }) => locationLines(children)),
  serverSnippet: snippet('server', ({ children }) =>
    serversIn(children).map(server =>
      inside(server).filter(({ name, block }) => block === null && INHERITED.test(name.value)),
    ),
  ),
  locationsSnippet: snippet('locations', ({ children }) =>
    serversIn(children).map(server => inside(server, 'location')),
  ),
  reversedLocations: eachFile(file =>
    edited(
      file.text,
      serversIn(file.children).flatMap(server =>
        turned(
          file,
          inside(server, 'location').filter(node => locationName(node) !== null),
        ),
      ),
    ),
  ),
  reversedLines: eachFile(file =>
    edited(
      file.text,
      serversIn(file.children).flatMap(server =>
        [server, ...locationsOf(server)].flatMap(block => turned(file, looseLines(block))),
      ),
    ),
  ),
  otherSite,
}

function locationLinesInServer(file: NginxFile): string {
  return edited(
    file.text,
    serversIn(file.children).flatMap(server => {
      const [location, ...others] = locationsOf(server)
      if (location === undefined || others.length > 0 || locationName(location) !== '/') return []
      return inside(server).some(({ name }) => REWRITES.test(name.value))
        ? []
        : movedOut(file, location, before(location, ''), inside(server))
    }),
  )
}

function serverLinesInHttp(files: Files): Files | null {
  if (serversOf(files).length !== 1) return null
  const ofHttp = nginxFiles(files).flatMap(({ children }) => [
    ...directives(children),
    ...directives(children).flatMap(node => (node.name.value === 'http' ? inside(node) : [])),
  ])
  if (ofHttp.some(({ name }) => name.value === 'stream')) return null
  return eachFile(file =>
    edited(
      file.text,
      serversIn(file.children).flatMap(server => movedOut(file, server, before(server, ''), ofHttp)),
    ),
  )(files)
}

/** Moves lines to where the edit is, unless some line there already says the same. */
function movedOut(
  file: NginxFile,
  block: NginxDirectiveNode,
  at: NginxEdit,
  outer: readonly NginxDirectiveNode[],
): readonly NginxEdit[] {
  const lines = inside(block)
  // What an included file says would hide what is moved.
  if (lines.some(({ name }) => name.value === 'include')) return []
  const groups = new Set(outer.map(({ name }) => groupOf(name.value)))
  const moved = lines.filter(
    ({ name }) =>
      INHERITED.test(name.value) && !groups.has(groupOf(name.value)) && !isKept(name.value, lines),
  )
  return moved.length === 0
    ? []
    : [
        { ...at, text: `${moved.map(line => textOf(file, line)).join('\n')}\n` },
        ...moved.map(line => replaced(line, '')),
      ]
}

/** `alias` beside a `root` cannot be: both are one value. */
function groupOf(name: string): string {
  return name === 'deny' ? 'allow' : name
}

function isKept(name: string, lines: readonly NginxDirectiveNode[]): boolean {
  return name === 'root' && lines.some(line => line.name.value === 'alias')
}

/** The servers of the main file in a file of their own. */
function ownFile(directory: string, name: string, include: string): Lay {
  return files => {
    const text = files[MAIN]
    const file = text === undefined ? undefined : nginxFiles({ [MAIN]: text })[0]
    const found = file === undefined ? [] : serversIn(file.children)
    const [first, ...others] = found
    if (file === undefined || first === undefined || file.text.includes(`${directory}/`)) return null
    const edits = [replaced(first, include), ...others.map(server => replaced(server, ''))]
    return {
      ...files,
      [MAIN]: edited(file.text, edits),
      [`etc/nginx/${directory}/${name}`]: `${found.map(server => textOf(file, server)).join('\n')}\n`,
    }
  }
}

/** A site alone, below the main file that Debian's package brings. */
function stockMain(files: Files): Files | null {
  const [file, ...others] = nginxFiles(files)
  if (file === undefined || others.length > 0 || entriesOf(files).length !== 1 || file.path.includes('/'))
    return null
  const isOfHttp = directives(file.children).every(({ name }) =>
    /^(?:server|upstream|map|geo|limit_.*|proxy_cache_path|log_format)$/.test(name.value),
  )
  return isOfHttp && serversIn(file.children).length > 0
    ? { [MAIN]: DEBIAN, 'etc/nginx/sites-enabled/example.org': file.text }
    : null
}

const DEBIAN = `user www-data;
worker_processes auto;
pid /run/nginx.pid;
include /etc/nginx/modules-enabled/*.conf;
events {
    worker_connections 768;
}
http {
    sendfile on;
    tcp_nopush on;
    types_hash_max_size 2048;
    include /etc/nginx/mime.types;
    default_type application/octet-stream;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_prefer_server_ciphers on;
    access_log /var/log/nginx/access.log;
    error_log /var/log/nginx/error.log;
    gzip on;
    include /etc/nginx/conf.d/*.conf;
    include /etc/nginx/sites-enabled/*;
}
`

/** The first lines that stand together, in a file that is included in their place. */
function snippet(
  name: string,
  linesOf: (file: NginxFile) => readonly (readonly NginxDirectiveNode[])[],
): Lay {
  return files => {
    const isTree = files[MAIN] !== undefined
    for (const file of nginxFiles(files)) {
      const lines = linesOf(file).find(({ length }) => length > 0)
      const first = lines?.[0]
      if (lines === undefined || first === undefined) continue
      const directory = isTree ? 'etc/nginx/' : file.path.slice(0, file.path.lastIndexOf('/') + 1)
      const brought = isTree ? files : withSnippets(files, file.path, directory)
      if (brought === null) return null
      const edits = [
        replaced(first, `include snippets/${name}.conf;`),
        ...lines.slice(1).map(line => replaced(line, '')),
      ]
      return {
        ...brought,
        [file.path]: edited(file.text, edits),
        [`${directory}snippets/${name}.conf`]: `${lines.map(line => textOf(file, line)).join('\n')}\n`,
      }
    }
    return null
  }
}

/** Services that have the file bring the snippets, too; null where something else may bring it. */
function withSnippets(files: Files, path: string, directory: string): Files | null {
  if (Object.keys(files).some(other => /Dockerfile|\.sh$|\.ya?ml$/.test(other) && !isCompose(other)))
    return null
  const compose = Object.keys(files).find(isCompose)
  if (compose === undefined) return files
  const text = files[compose] ?? ''
  const at = text.split('\n').find(line => line.trim().startsWith(`- ./${path}:/etc/nginx/`))
  if (at === undefined) return null
  const more = `${/^ */.exec(at)?.[0]}- ./${directory}snippets:/etc/nginx/snippets:ro`
  return { ...files, [compose]: text.replace(at, `${at}\n${more}`) }
}

function isCompose(path: string): boolean {
  return /(?:^|\/)(?:docker-)?compose[^/]*\.ya?ml$/.test(path)
}

function locationLines(children: NginxFile['children']): readonly (readonly NginxDirectiveNode[])[] {
  return serversIn(children)
    .flatMap(locationsOf)
    .map(location => {
      const lines = inside(location)
      // The order of what both files say may decide.
      if (lines.some(({ name }) => name.value === 'include')) return []
      return lines.filter(({ name }) => INHERITED.test(name.value))
    })
}

/** Puts texts in the places of one another, the last first. */
function turned(file: NginxFile, nodes: readonly NginxDirectiveNode[]): readonly NginxEdit[] {
  return nodes.map((node, index) => replaced(node, textOf(file, nodes[nodes.length - 1 - index] ?? node)))
}

/** Lines of which no order is asked. */
function looseLines(block: NginxDirectiveNode): readonly NginxDirectiveNode[] {
  const lines = inside(block)
  const isAlone = (node: NginxDirectiveNode) =>
    lines.filter(({ name }) => name.value === node.name.value).length === 1 ||
    /^(?:proxy_set_header|listen)$/.test(node.name.value)
  return lines.filter(node =>
    /^(?:listen|server_name|try_files|alias|\w+_pass)$/.test(node.name.value) ||
    INHERITED.test(node.name.value)
      ? isAlone(node) && !/^(?:allow|deny|fastcgi_param|uwsgi_param)$/.test(node.name.value)
      : false,
  )
}

/** One more site of another name, behind all others and on the port of the first. */
function otherSite(files: Files): Files | null {
  const [first] = serversOf(files)
  const [listen] = first === undefined ? [] : inside(first, 'listen')
  const [address, ...options] = listen === undefined ? ['80'] : argumentsOf(listen)
  if (first === undefined || address === undefined || options.includes('ssl') || address.startsWith('unix:'))
    return null
  const site = `server {\n    listen ${address};\n    server_name other.example.net;\n    location / {\n        return 404;\n    }\n}`
  const file = nginxFiles(files).findLast(({ children }) => serversIn(children).length > 0)
  if (file === undefined) return null
  const last = [...nestedIn(file.children)].filter(isServer).at(-1)?.node
  return last === undefined ? null : { ...files, [file.path]: edited(file.text, [behind(last, `\n${site}`)]) }
}
