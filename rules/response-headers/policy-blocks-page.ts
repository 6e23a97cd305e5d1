import { posix } from 'node:path'
import { memoByKey } from '../../parsers/collections/memo.ts'
import { hostOf, type PageResource, pageResources } from '../../parsers/html/page-resources.ts'
import { scriptConnections } from '../../parsers/javascript/script-connections.ts'
import type { Place } from '../../parsers/text/source.ts'
import { placeText } from '../../parsers/text/source.ts'
import type { Deployment, NginxServer } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { askServer } from '../../src/deployment/requests/ask-server.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { headerLine } from '../../src/servers/apache/queries/header-tables.ts'
import { htaccessFiles } from '../../src/servers/apache/queries/htaccess.ts'
import type { VirtualHost } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { nginxMain, nginxServer, servedHtaccess } from '../_examples.ts'
import { addedHeaders } from './_added-headers.ts'
import { readPolicy, refusing } from './_content-security-policy.ts'

const page = (head: string): string =>
  `<!doctype html>\n<html><head><title>Board</title>\n${head}\n</head><body></body></html>\n`

const nginx = (policy: string, head: string, files: Record<string, string> = {}): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(
    nginxServer(conf`
      root /srv/www;
      index index.html;
      add_header Content-Security-Policy "${policy}" always;
    `),
  ),
  'srv/www/index.html': page(head),
  ...files,
})
const htaccess = (policy: string, head: string): Record<string, string> => ({
  ...servedHtaccess(`Header always set Content-Security-Policy "${policy}"\n`),
  'srv/www/index.html': page(head),
})

const FOREIGN = '<script src="https://cdn.example.net/lib.js"></script>'
const OWN = '<script src="/board.js"></script>'
const EVENTS = { 'srv/www/board.js': "new EventSource('https://push.example.net/live')\n" }

export default defineRule({
  summary: 'A Content Security Policy refuses what the page itself loads',
  severity: 'warning',
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: "Browsers load what the policy lists and nothing else: `'self'` is the own host alone, and scripts and styles that stand in the page need `'unsafe-inline'`, a hash or a nonce. The page is there, and what it needs is missing: `Refused to load the script … because it violates the following Content Security Policy directive`.",
  remedy: 'List the host in the directive of the policy, or serve the file from the own site',
  references: [
    'https://developer.mozilla.org/en-US/docs/Web/HTTP/Guides/CSP',
    'https://www.w3.org/TR/CSP3/#directive-fallback-list',
  ],
  unproven: 'What is refused is refused by a browser, and the live tests have none',
  bad: [
    { title: 'a script of another host', files: nginx("default-src 'self'; «script-src 'self'»", FOREIGN) },
    { title: 'by the directive for all', files: nginx("«default-src 'self'»", FOREIGN) },
    {
      title: 'a script that stands in the page',
      files: nginx("«default-src 'self'»", '<script>document.title = 1</script>'),
    },
    {
      title: 'a stream of events of another host',
      files: nginx("default-src 'self'; «connect-src 'self'»", OWN, EVENTS),
    },
    {
      title: 'fonts of Google, by a .htaccess',
      files: htaccess(
        "default-src 'self'; «style-src 'self'»",
        '<link rel="stylesheet" href="https://fonts.googleapis.com/css2?family=Inter">',
      ),
    },
  ],
  good: [
    {
      title: 'listed',
      files: nginx("default-src 'self'; script-src 'self' https://cdn.example.net", FOREIGN),
    },
    { title: 'a wildcard', files: nginx("script-src 'self' *.example.net", FOREIGN) },
    { title: 'any host with TLS', files: nginx("script-src 'self' https:", FOREIGN) },
    {
      title: 'the own name',
      files: nginx("script-src 'self'", FOREIGN.replace('cdn.example.net', 'example.org')),
    },
    {
      title: 'permitted in the page',
      files: nginx("default-src 'self' 'unsafe-inline'", '<script>document.title = 1</script>'),
    },
    {
      title: 'data that is no script',
      files: nginx("default-src 'self'", '<script type="application/ld+json">{}</script>'),
    },
    {
      title: 'what stands there for browsers without scripts, and for a script to take',
      files: nginx(
        "default-src 'self'",
        '<noscript><iframe src="https://www.googletagmanager.com/ns.html"></iframe></noscript><template><script>start()</script></template>',
      ),
    },
    { title: 'nothing said of scripts', files: nginx("frame-ancestors 'self'", FOREIGN) },
    { title: 'a comment of the page', files: nginx("default-src 'self'", `<!-- ${FOREIGN} -->`) },
    {
      title: 'a stream of events of the own host',
      files: nginx("connect-src 'self'", OWN, {
        'srv/www/board.js': "new EventSource('https://example.org/live')\nfetch('/orders')\n",
      }),
    },
    {
      title: 'a report alone',
      files: Object.fromEntries(
        Object.entries(nginx("default-src 'self'", FOREIGN)).map(([path, text]) => [
          path,
          text.replace('Security-Policy', 'Security-Policy-Report-Only'),
        ]),
      ),
    },
  ],
  *check(deployment) {
    if (deployment.nginx.some(({ occurrences }) => occurrences.has('add_header')))
      for (const server of deployment.servers) yield* ofServer(deployment, server)
    for (const configuration of deployment.apache) {
      const files = deployment.filesOf(configuration)
      for (const { file, directory, virtualHost } of htaccessFiles(configuration, files)) {
        const lines = (file.occurrences.get('header') ?? []).flatMap(each => headerLine(each) ?? [])
        const policies = lines.filter(({ name }) => /^content-security-policy$/i.test(name))
        const [line] = policies
        // Several may undo each other, and one in a section holds for some files alone.
        if (line === undefined || policies.length > 1 || line.directive.parent !== null) continue
        if (line.condition !== null || line.valueAt === null || line.value === null) continue
        for (const path of pagesIn(files, directory.replace(/(?<=.)\/$/, '')))
          yield* refused(files, path, directory, line.value, line.valueAt, namesOf(virtualHost))
      }
    }
  },
})

function* ofServer(deployment: Deployment, server: NginxServer) {
  const { configuration, directive, names } = server
  if (!configuration.occurrences.has('add_header')) return
  const files = deployment.filesOf(configuration)
  const start = askServer(deployment, server, '/')
  if (start?.end.kind !== 'file') return
  const root = posix.dirname(start.end.path)
  const own = names.length > 0 && names.every(({ exact }) => exact) ? names.map(({ name }) => name) : null
  for (const path of pagesIn(files, root)) {
    const answer = askServer(deployment, server, `/${posix.basename(path)}`)
    if (answer?.end.kind !== 'file' || answer.end.path !== path) continue
    const scope = answer.steps.findLast(({ kind }) => kind === 'location')?.directive ?? directive
    for (const { name, value, directive: line } of addedHeaders(configuration, scope) ?? [])
      if (name === 'content-security-policy')
        yield* refused(files, path, root, value, argumentPlace(line, 1), own)
  }
}

/** Null where it may have others. */
function namesOf(host: VirtualHost | null): readonly string[] | null {
  if (host?.serverName?.known !== true) return null
  const aliases = host.aliases.map(({ name, wild }) => (name.known && !wild ? name.value : null))
  return aliases.includes(null)
    ? null
    : [host.serverName.value.host, ...aliases].flatMap(name => name?.toLowerCase() ?? [])
}

const MOST_PAGES = 20

const pagesIn = memoByKey((files: FileSystem, directory: string): readonly string[] =>
  (files.list(directory) ?? [])
    .flatMap(({ name, kind }) =>
      kind === 'file' && /\.html?$/.test(name) ? [posix.join(directory, name)] : [],
    )
    .slice(0, MOST_PAGES),
)

function* refused(
  files: FileSystem,
  path: string,
  root: string,
  value: string,
  at: Place,
  own: readonly string[] | null,
) {
  const policy = readPolicy(value)
  const source = policy === null ? null : sourceAt(files, path)
  if (policy === null || source === null) return
  const { resources, scripts } = pageResources(source)
  const connections = scripts.flatMap(name => {
    const script = sourceAt(files, posix.join(root, name))
    return (script === null ? [] : scriptConnections(script)).flatMap(({ url, at }): PageResource[] => {
      const host = hostOf(url)
      return host === null ? [] : [{ kind: 'connect', host, at }]
    })
  })
  for (const resource of [...resources, ...connections]) {
    const name = refusing(policy, resource.kind, resource.host, own)
    if (name === null) continue
    yield {
      at: directivePlace(at, name),
      aspect: resource.kind,
      message: `browsers refuse ${thing(resource)}: \`${name}\` does not permit it`,
      related: [{ at: resource.at, message: 'in this page' }],
    }
  }
}

function thing({ kind, host }: PageResource): string {
  if (host === null)
    return kind === 'script' ? 'a script that stands in the page' : 'a style that stands in the page'
  const what = {
    script: 'the script',
    style: 'the style sheet',
    connect: 'the connection',
    frame: 'the frame',
  }[kind]
  return kind === 'connect' ? `${what} to \`${host}\`` : `${what} from \`${host}\``
}

/** A directive within the value of the header. */
function directivePlace(at: Place, name: string): Place {
  const text = placeText(at)
  let start = 0
  for (const part of text.split(';')) {
    const word = part.trimStart().replace(/^["']/, '')
    if (word.toLowerCase().startsWith(name)) {
      const begin = at.start + start + part.indexOf(word)
      return { ...at, start: begin, end: begin + word.replace(/["']?\s*$/, '').length }
    }
    start += part.length + 1
  }
  return at
}
