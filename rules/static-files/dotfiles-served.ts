import type { FileSystem } from '../../src/files/file-system.ts'
import { indentationAt, insertBefore, type Proposal, propose } from '../../src/deployment/edits.ts'
import type { Deployment, NginxServer } from '../../src/deployment/model.ts'
import { serverIndex } from '../../src/deployment/build/servers.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { anonymousRequestOnly } from '../../src/deployment/requests/anonymous-request.ts'
import { directoryOf, urlOfFile } from '../../src/deployment/requests/url-of-file.ts'
import { checkouts } from '../../src/deployment/setups/checkouts.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { mayHoldUnread } from '../../src/servers/nginx/queries/scope.ts'
import { enclosingServer } from '../../src/servers/nginx/queries/servers.ts'

const server = (lines: string, root = '/var/www/shop'): string => conf`
  server {
      listen 80;
      server_name example.org;
      root ${root};
      ${lines}
  }
`
const GIT = { 'var/www/shop/.git/config': conf`[core]`, 'var/www/shop/index.html': conf`<h1>Shop</h1>` }
/** nginx in a container that has the project around it. */
const container = (lines: string, root = '/srv/shop'): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      nginx:
        ${lines}
        ports: ["80:80"]
  `,
  Dockerfile: conf`
    FROM nginx:1.27
    COPY . /srv/shop
    COPY site.conf /etc/nginx/conf.d/default.conf
  `,
  'site.conf': server('', root),
  '.env': conf`SECRET=1`,
  'index.html': conf`<h1>Shop</h1>`,
})

/** A site beside the script that brings its files. */
const cloned = (script: string, { root = '/var/www/club', lines = '' } = {}): Record<string, string> => ({
  'deploy/site.conf': server(lines, root),
  'deploy/update.sh': script,
})

/** What lies in web directories by accident, and a file that gives it away where it is a directory. */
const ACCIDENTS: readonly (readonly [path: string, isSecret: boolean])[] = [
  ['.git/config', true],
  ['.git/HEAD', true],
  ['.env', true],
  ['.htpasswd', true],
  ['.ssh/id_rsa', true],
  ['.aws/credentials', true],
  ['.svn/wc.db', false],
  ['.svn/entries', false],
  ['.hg/hgrc', false],
  ['.bash_history', false],
  ['.npmrc', false],
  ['.pypirc', false],
  ['.DS_Store', false],
]

export default defineRule({
  summary: 'Hidden files are served',
  severity: 'warning',
  otherSeverities: { error: 'where the file holds secrets, such as `.git/config` or `.env`' },
  confidence: 'high',
  securitySeverity: 7.5,
  cwe: [552],
  since: '0.1.0',
  why: 'nginx treats a file whose name begins with a dot like any other. A repository’s `.git` gives the whole program and its history to whoever asks, an `.env` the passwords.',
  remedy:
    'Keep them out of the served directory, and refuse them: `location ~ /\\.(?!well-known/) { deny all; }`',
  references: ['https://nginx.org/en/docs/http/ngx_http_core_module.html#location'],
  bad: [
    { title: 'a checkout as the root', files: { 'nginx.conf': server('', '«/var/www/shop»'), ...GIT } },
    {
      title: 'a project that is mounted into the container',
      files: container(
        conf`
          image: nginx:1.27
          volumes:
            - .:/srv/shop
            - ./site.conf:/etc/nginx/conf.d/default.conf
        `,
        '«/srv/shop»',
      ),
    },
    {
      title: 'a project that is copied into the image',
      files: container('build: .', '«/srv/shop»'),
    },
    {
      title: 'a root that a script clones',
      files: cloned(
        conf`
          #!/bin/sh
          set -e
          if [ ! -d /var/www/club/.git ]; then
              git clone --depth 1 https://git.example.org/club/site.git /var/www/club
          fi
          cd /var/www/club
          git pull --ff-only origin main
        `,
        { root: '«/var/www/club»' },
      ),
    },
    {
      title: 'a root that a script pulls into',
      files: cloned('cd /var/www/club\ngit pull', { root: '«/var/www/club/»' }),
    },
    {
      title: 'an alias to a directory with an .env in it',
      files: {
        'nginx.conf': server(conf`
          location /shop/ {
              alias «/srv/shop/»;
          }
        `),
        'srv/shop/.env': conf`PASSWORD=secret`,
      },
    },
  ],
  good: [
    {
      title: 'a checkout whose hidden files are refused',
      files: cloned('git clone https://git.example.org/club.git /var/www/club', {
        lines: 'location ~ /\\. { deny all; }',
      }),
    },
    {
      title: 'a directory of the checkout',
      files: cloned('git clone https://git.example.org/club.git /var/www/club', {
        root: '/var/www/club/public',
      }),
    },
    {
      title: 'a checkout beside the root, of which rsync brings the files',
      files: cloned(conf`
        git clone https://git.example.org/club.git /srv/build
        cd /srv/build
        git pull
        rsync -a --delete --exclude .git ./ /var/www/club/
      `),
    },
    {
      title: 'a repository that has no .git in it',
      files: cloned('git clone --bare https://git.example.org/club.git /var/www/club'),
    },
    {
      title: 'a project of which the build leaves them out',
      files: { ...container('build: .'), '.dockerignore': '.git\n.env\n' },
    },
    {
      title: 'a directory of the project in the container',
      files: container(
        conf`
          image: nginx:1.27
          volumes:
            - ./public:/srv/shop
            - ./site.conf:/etc/nginx/conf.d/default.conf
        `,
      ),
    },
    {
      title: 'refused by their dot',
      files: {
        'nginx.conf': server(conf`
          location ~ /\.(?!well-known/) {
              deny all;
          }
        `),
        ...GIT,
      },
    },
    {
      title: 'the directory of a certificate’s challenge alone',
      files: {
        'nginx.conf': server(''),
        'var/www/shop/.well-known/acme-challenge/token': conf`token`,
      },
    },
    {
      title: 'a root that requests do not get to',
      files: {
        'nginx.conf': server(conf`
          location / {
              proxy_pass http://127.0.0.1:9000;
          }
        `),
        ...GIT,
      },
    },
  ],
  *check(deployment) {
    const servers = serverIndex(deployment.servers)
    yield* checkedOut(deployment, servers)
    for (const configuration of deployment.nginx) {
      const { occurrences } = configuration
      const files = deployment.filesOf(configuration)
      for (const name of ['root', 'alias']) {
        const directories = (occurrences.get(name) ?? []).filter(directory => isDirectory(files, directory))
        for (const directive of directories) {
          const accidents = accidentsIn(files, directive)
          if (accidents.length === 0) continue
          const home = enclosingServer(directive)
          const server = home === null ? undefined : servers.get(home)
          if (server === undefined) continue
          const served = accidents.flatMap(({ path, isSecret }) => {
            const url = urlOfFile(deployment, server, directive, path)
            return url === null ? [] : [{ url, isSecret }]
          })[0]
          if (served === undefined) continue
          yield {
            at: argumentPlace(directive, 0),
            severity: served.isSecret ? 'error' : 'warning',
            message: `nginx serves \`${served.url}\` of this directory to whoever asks for it`,
            label: 'hidden files lie here',
            ...refuse(server),
          }
        }
      }
    }
  },
})

/** A root that a script or a playbook makes a checkout of git, which is nowhere in the audit. */
function* checkedOut(
  deployment: Deployment,
  servers: ReadonlyMap<NginxDirective, NginxServer>,
): Iterable<RuleFinding> {
  const cloned = checkouts(deployment.setups() ?? [])
  if (cloned.length === 0) return
  for (const configuration of deployment.nginx) {
    if (deployment.programOf(configuration).machine.container !== null) continue
    for (const directive of configuration.occurrences.get('root') ?? []) {
      const directory = directoryOf(directive)
      const found = cloned.find(({ path }) => path === directory)
      const home = enclosingServer(directive)
      const server = home === null ? undefined : servers.get(home)
      if (found === undefined || server === undefined || mayHoldUnread(configuration, 'location')) continue
      const end = anonymousRequestOnly(server, '/.git/HEAD', `${directory}/.git/HEAD`)
      if (end.kind !== 'file' || end.path !== `${directory}/.git/HEAD`) continue
      yield {
        at: argumentPlace(directive, 0),
        severity: 'error',
        confidence: 'medium',
        message:
          'this directory is a checkout of git, and nginx serves `/.git/HEAD` of it to whoever asks for it',
        label: 'the `.git` lies here',
        related: [{ at: found.at, message: 'checked out here' }],
        ...refuse(server),
      }
    }
  }
}

/** False for what is not in the audit, as most sites are not, and for what a variable names. */
function isDirectory(files: FileSystem, directive: NginxDirective): boolean {
  const path = directoryOf(directive)
  return path.startsWith('/') && !path.includes('$') && files.kind(path) === 'directory'
}

function accidentsIn(
  files: FileSystem,
  directory: NginxDirective,
): readonly { readonly path: string; readonly isSecret: boolean }[] {
  const base = directoryOf(directory)
  return ACCIDENTS.flatMap(([name, isSecret]) =>
    files.kind(`${base}/${name}`) === 'file' ? [{ path: `${base}/${name}`, isSecret }] : [],
  )
}

/** A location of the server, which as an expression comes before every plain prefix. */
function refuse({ directive }: NginxServer): Proposal {
  const first = directive.children.find(({ source }) => source === directive.source)
  if (first === undefined) return {}
  const at = namePlace(first)
  const indent = indentationAt(at)
  const location = ['location ~ /\\.(?!well-known/) {', '    deny all;', '}', ''].join(`\n${indent}`)
  return propose('Refuse names that begin with a dot', 'unsafe', [insertBefore(at, location)])
}
