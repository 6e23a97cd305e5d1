import type { Machine } from '../../src/deployment/model.ts'
import type { RuleFinding } from '../../src/engine/rule.ts'
import type { ApacheConfiguration } from '../../src/servers/apache/configuration.ts'
import { posix } from 'node:path'
import type { Deployment, NginxServer } from '../../src/deployment/model.ts'
import { serverIndex } from '../../src/deployment/build/servers.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { urlOfFile } from '../../src/deployment/requests/url-of-file.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { enclosingServer } from '../../src/servers/nginx/queries/servers.ts'

const nginx = (lines: string): string => conf`
  server {
      listen 80;
      server_name example.org;
      ${lines}
      location / {
          proxy_pass http://127.0.0.1:9000;
          proxy_set_header Host $host;
      }
  }
`
const apache = (directory: string, access: string): Record<string, string> => ({
  'ports.conf': conf`Listen 127.0.0.1:9000`,
  'site.conf': conf`
    <VirtualHost 127.0.0.1:9000>
        ServerName example.org
        DocumentRoot /srv/site
        <Directory ${directory}>
            ${access}
        </Directory>
    </VirtualHost>
  `,
})
const FILES = '    location /files/ {\n        alias «/srv/site/files/»;\n    }\n'

// Servers that share one directory serve it alike; of thousands the first few tell.
const LOOKED_AT = 16

/**
 * What is worth a rule of access: nginx often has a location for the endings of some files alone. Styles, scripts and
 * pictures, which pages load, are not.
 */
const LIKELY = ['page.html', 'document.pdf', 'archive.zip', 'notes.txt']

export default defineRule({
  summary: 'nginx serves what Apache keeps from anonymous clients',
  severity: 'warning',
  confidence: 'medium',
  securitySeverity: 6.5,
  cwe: [863],
  since: '0.1.0',
  why: 'The access rules of Apache hold for requests that come to Apache. nginx serves the same directory itself and asks nobody: what the file says is protected is open to whoever knows the address.',
  remedy: 'Repeat the rule in nginx (`deny all;`, `auth_basic`), or let Apache serve the directory',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_access_module.html',
    'https://httpd.apache.org/docs/2.4/howto/access.html',
  ],
  bad: [
    {
      title: 'a closed directory below a root',
      files: {
        'nginx.conf': nginx(FILES),
        ...apache('/srv/site/files/internal', 'Require all denied'),
      },
    },
    {
      title: 'a password that nginx does not ask for',
      files: {
        'nginx.conf': nginx(FILES),
        ...apache('/srv/site/files', 'Require valid-user'),
      },
    },
    {
      title: 'documents that nginx serves by their endings',
      files: {
        'nginx.conf': nginx(conf`
          location ~* \.(?:css|js|png|pdf|zip)$ {
              root «/srv/site»;
          }
        `),
        ...apache('/srv/site/files', 'Require valid-user'),
      },
    },
  ],
  good: [
    {
      title: 'what pages load, by its endings',
      files: {
        'nginx.conf': nginx(conf`
          location ~* \.(?:css|js|png)$ {
              root /srv/site;
          }
        `),
        ...apache('/srv/site/files', 'Require valid-user'),
      },
    },
    {
      title: 'closed in nginx as well',
      files: {
        'nginx.conf': nginx(
          conf`
            ${FILES}    location /files/internal/ {
                    deny all;
                }
          `,
        ),
        ...apache('/srv/site/files/internal', 'Require all denied'),
      },
    },
    {
      title: 'a password in nginx too',
      files: {
        'nginx.conf': nginx(
          FILES.replace(
            ';\n',
            ';\n        auth_basic files;\n        auth_basic_user_file /etc/nginx/users;\n',
          ),
        ),
        ...apache('/srv/site/files', 'Require valid-user'),
      },
    },
    {
      title: 'a directory that Apache leaves to nginx',
      files: {
        'nginx.conf': nginx(FILES),
        ...apache('/srv/site', 'Require all denied'),
      },
    },
  ],
  *check(deployment) {
    const restricts = (section: ApacheDirective) =>
      restriction(section) !== null && plainDirectory(section) !== null
    if (!deployment.apache.some(({ occurrences }) => occurrences.get('directory')?.some(restricts))) return
    const servers = serverIndex(deployment.servers)
    for (const machine of deployment.machines) {
      yield* bypassedOn(deployment, machine, servers)
    }
  },
})

/** Paths are one machine's own: only what nginx and Apache of one machine say of a directory is compared. */
function* bypassedOn(
  deployment: Deployment,
  { programs }: Machine,
  servers: ReadonlyMap<NginxDirective, NginxServer>,
): Iterable<RuleFinding> {
  const apache = programs.flatMap(program => (program.kind === 'apache' ? [program.configuration] : []))
  const nginx = programs.flatMap(program => (program.kind === 'nginx' ? [program.configuration] : []))
  const sections = sectionsByDirectory(apache)
  const directories = new Map<string, NginxDirective[]>()
  for (const { occurrences } of nginx) {
    for (const directive of ['root', 'alias'].flatMap(name => occurrences.get(name) ?? [])) {
      const path = trimmed(directive.args[0]?.value ?? '')
      if (path.startsWith('/') && !path.includes('$')) {
        const known = directories.get(path)
        if (known === undefined) directories.set(path, [directive])
        else if (known.length < LOOKED_AT) known.push(directive)
      }
    }
  }
  for (const [path, section] of sections) {
    const line = restriction(section)
    if (line === null) continue
    const isClosed = line.args.some(({ value }) => value.toLowerCase() === 'denied')
    for (const base of upwards(path)) {
      // What Apache closes as a whole it leaves to nginx; a part of it that is closed is meant.
      if (isClosed && base === path) continue
      const served = LIKELY.flatMap(
        name => servedFrom(deployment, servers, directories.get(base) ?? [], `${path}/${name}`) ?? [],
      )[0]
      if (served === undefined) continue
      yield {
        at: argumentPlace(served.directive, 0),
        message: `nginx gives files of \`${path}\` to everybody, at \`${posix.dirname(served.url)}\`, and Apache ${isClosed ? 'keeps that directory closed' : 'asks who comes'}`,
        label: 'served without Apache',
        related: [{ at: argumentPlace(line, 0), message: 'the rule that nginx does not know' }],
      }
      break
    }
  }
}

/** The last `<Directory>` of each plain path. */
function sectionsByDirectory(apache: readonly ApacheConfiguration[]): ReadonlyMap<string, ApacheDirective> {
  const sections = new Map<string, ApacheDirective>()
  for (const { occurrences } of apache) {
    for (const section of occurrences.get('directory') ?? []) {
      const path = plainDirectory(section)
      if (path !== null) sections.set(path, section)
    }
  }
  return sections
}

/** The path of a `<Directory>`, where it is written out. */
function plainDirectory({ args }: ApacheDirective): string | null {
  const path = trimmed(args[0]?.value ?? '')
  return /^\/[^*?[\]$]+$/.test(path) ? path : null
}

/** The `Require` that keeps anonymous clients out, where nothing else of the section may let them in. */
function restriction({ children }: ApacheDirective): ApacheDirective | null {
  const requires = children.filter(({ name }) => name.toLowerCase() === 'require')
  const [first] = requires
  if (
    first === undefined ||
    children.some(({ name }) => /^(?:Require\w+|If\w*|Satisfy|Limit\w*)$/i.test(name))
  )
    return null
  return requires.every(({ args }) => /^(?:valid-user|user|group|all)$/i.test(args[0]?.value ?? '')) &&
    !requires.some(({ args }) => args.some(({ value }) => value.toLowerCase() === 'granted'))
    ? first
    : null
}

function servedFrom(
  deployment: Deployment,
  servers: ReadonlyMap<NginxDirective, NginxServer>,
  directives: readonly NginxDirective[],
  file: string,
) {
  for (const directive of directives) {
    const home = enclosingServer(directive)
    const server = home === null ? undefined : servers.get(home)
    const url = server === undefined ? null : urlOfFile(deployment, server, directive, file)
    if (url !== null) return { directive, url }
  }
  return null
}

function* upwards(path: string): Iterable<string> {
  for (let at = path; at !== '/'; at = posix.dirname(at)) yield at
}

function trimmed(path: string): string {
  return path.replace(/(?<=.)\/+$/, '')
}
