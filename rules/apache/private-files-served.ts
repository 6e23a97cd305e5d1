import { posix } from 'node:path'
import { type Place, placeText } from '../../parsers/text/source.ts'
import { isStandIn } from '../../parsers/text/stand-in.ts'
import { imagePlace } from '../../src/deployment/image-place.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { type AskedHost, askedHosts, askHost } from '../../src/deployment/requests/ask-host.ts'
import { isKeptBack } from '../../src/deployment/requests/is-kept-back.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { directivesIn } from '../../src/servers/apache/queries/directives-in.ts'
import { argumentPlace, isSettled } from '../../src/servers/apache/queries/places.ts'
import { apacheMain, nginxMain, proxiedServer } from '../_examples.ts'
import { denialsOfNearNames } from './_denying.ts'

const main = (lines = ''): string =>
  apacheMain(
    conf`
      Listen 80
      <Directory />
          Require all denied
      </Directory>
      <FilesMatch "^\.ht">
          Require all denied
      </FilesMatch>
      <VirtualHost *:80>
          ServerName example.org
          DocumentRoot «/srv/www»
          <Directory /srv/www>
              AllowOverride All
              Require all granted
          </Directory>
          ${lines}
      </VirtualHost>
    `,
    ['alias', 'rewrite'],
  )
const unmarked = (lines = ''): string => main(lines).replace(/[«»]/g, '')

export default defineRule({
  summary: 'Apache serves files that are meant for nobody',
  severity: 'error',
  otherSeverities: { warning: 'for `.htaccess`, which holds no secret by itself' },
  confidence: 'high',
  securitySeverity: 7.5,
  cwe: [552],
  since: '0.1.0',
  why: 'Whoever knows the usual names downloads the repository with its history, the passwords of `.env`, or a dump of the database. Search engines for such files exist.',
  remedy:
    'Point `DocumentRoot` to the public directory, or deny the names: `RedirectMatch 404 "/\\.(?!well-known)"`',
  references: ['https://httpd.apache.org/docs/2.4/misc/security_tips.html'],
  bad: [
    {
      title: 'nginx in front that denies other names',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          proxiedServer(conf`
          location ~ /\.ht {
              deny all;
          }
        `),
        ),
        'etc/apache2/apache2.conf': main()
          .replace('Listen 80', 'Listen 127.0.0.1:9000')
          .replace('*:80', '127.0.0.1:9000'),
        'srv/www/.git/config': '[core]',
        'srv/www/index.html': '',
      },
    },
    {
      title: 'a section whose name does not match',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          <Files ".env.*">
              Require all denied
          </Files>
        `),
        'srv/www/.env': 'SECRET=x',
        'srv/www/index.html': '',
      },
    },
    {
      title: 'the document root of an image',
      files: {
        Dockerfile: conf`
          FROM php:8.3-apache
          «COPY» . /var/www/html
        `,
        '.env': 'DB_PASSWORD=x',
        'index.php': '<?php',
      },
    },
    {
      title: 'the document root of a container',
      files: {
        'compose.yaml': conf`
          services:
            web:
              image: php:8.3-apache
              volumes:
                - «./src:/var/www/html»
        `,
        'src/.env': 'DB_PASSWORD=x',
        'src/index.php': '<?php',
      },
    },
    {
      title: 'a checkout is the document root',
      files: {
        'etc/apache2/apache2.conf': main(),
        'srv/www/.git/config': '[core]',
        'srv/www/index.html': '',
      },
    },
    {
      title: 'settings beside the public directory',
      files: {
        'etc/apache2/apache2.conf': main(),
        'srv/www/.env': 'DB_PASSWORD=x',
        'srv/www/public/index.php': '',
      },
    },
    {
      title: 'granted by the section that names them',
      files: {
        'etc/apache2/apache2.conf': unmarked(),
        'srv/www/.htaccess': conf`
          <FilesMatch "^(\.htaccess|config\.py)$">
              Require all «granted»
          </FilesMatch>
        `,
      },
    },
  ],
  good: [
    {
      title: 'what the build of an image leaves out',
      files: {
        Dockerfile: conf`
          FROM php:8.3-apache
          COPY . /var/www/html
        `,
        '.dockerignore': '.env\n',
        '.env': 'DB_PASSWORD=x',
        'index.php': '<?php',
      },
    },
    {
      title: 'an image of which a script may change everything',
      files: {
        Dockerfile: conf`
          FROM php:8.3-apache
          COPY . /var/www/html
          COPY start.sh /start.sh
          CMD ["/start.sh"]
        `,
        '.env': 'DB_PASSWORD=x',
        'index.php': '<?php',
      },
    },
    {
      title: 'denied in the directory, by its name, or by a redirect',
      files: {
        'etc/apache2/apache2.conf': unmarked(conf`
          <DirectoryMatch "/\.git(/|$)">
              Require all denied
          </DirectoryMatch>
          <Files ".env">
              Require all denied
          </Files>
          RedirectMatch 404 "\.sql$"
        `),
        'srv/www/.git/config': '[core]',
        'srv/www/.env': 'DB_PASSWORD=x',
        'srv/www/dump.sql': 'INSERT INTO users',
      },
    },
    {
      title: 'denied by nginx in front, without which nobody gets there',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          proxiedServer(conf`
          location ~ /\. {
              deny all;
          }
        `),
        ),
        'etc/apache2/apache2.conf': unmarked()
          .replace('Listen 80', 'Listen 127.0.0.1:9000')
          .replace('*:80', '127.0.0.1:9000'),
        'srv/www/.git/config': '[core]',
        'srv/www/index.html': '',
      },
    },
    {
      title: 'rewritten by .htaccess',
      files: {
        'etc/apache2/apache2.conf': unmarked(),
        'srv/www/.htaccess': conf`
          RewriteEngine On
          RewriteRule (^|/)\.(?!well-known) - [F]
        `,
        'srv/www/.git/config': '[core]',
      },
    },
    {
      title: 'an example of settings, and a schema',
      files: {
        'etc/apache2/apache2.conf': unmarked(),
        'srv/www/.env.example': 'DB_PASSWORD=',
        'srv/www/install/schema.sql': 'CREATE TABLE',
      },
    },
  ],
  *check(deployment) {
    for (const asked of askedHosts(deployment)) {
      const files = deployment.filesOf(asked.configuration)
      for (const { directive, url, path } of served(asked)) {
        if (files.kind(path) !== 'directory') continue
        for (const name of privateFiles(files, path, asked.configuration.main === null)) {
          const target = `${url}${name.split('/').map(encodeURIComponent).join('/')}`
          const answer = serves(deployment, asked, target, posix.join(path, name))
          if (answer === null || isKeptBack(deployment, asked, target)) continue
          const line = answer.grant ?? argumentPlace(directive, directive.name === 'Alias' ? 1 : 0)
          const at = isStandIn(line.source)
            ? imagePlace(deployment, asked.configuration, posix.join(path, name))
            : line
          if (at === null) continue
          yield {
            at,
            message: `\`${target}\` is served to anonymous clients`,
            related: denialsOfNearNames(asked.configuration, files, posix.basename(name)).map(section => ({
              at: argumentPlace(section, section.args.length - 1),
              message: 'does not match this name',
            })),
            ...(name.endsWith('.htaccess') ? { severity: 'warning' as const } : {}),
          }
          break
        }
      }
    }
  },
})

interface Served {
  readonly directive: ApacheDirective
  /** With its last slash. */
  readonly url: string
  readonly path: string
}

function served({ configuration, host }: AskedHost): readonly Served[] {
  const scope = host?.directive ?? null
  const root = directivesIn(configuration, scope, 'documentroot').at(-1)
  const roots = root === undefined ? [] : [{ directive: root, url: '/', path: root.args[0]?.value ?? '' }]
  const aliases = directivesIn(configuration, scope, 'alias').map(directive => ({
    directive,
    url: `${directive.args[0]?.value.replace(/\/+$/, '') ?? ''}/`,
    path: directive.args[1]?.value ?? '',
  }))
  return [...roots, ...aliases]
    .filter(({ path }) => path.startsWith('/') && isSettled(path))
    .map(one => ({ ...one, path: one.path.replace(/(?<=.)\/+$/, '') }))
}

interface Grant {
  /** What a section for this very name grants; null where a wider one does. */
  readonly grant: Place | null
}

/** Null where the file is not sent as it is, or nobody can tell. */
function serves(deployment: Deployment, asked: AskedHost, target: string, path: string): Grant | null {
  const { end, steps } = askHost(deployment, asked, target)
  if (end.kind !== 'file' || end.status !== 200 || end.path !== path || end.exists !== true) return null
  // Where the audit has the directory, it has its `.htaccess` or there is none.
  if (steps.some(({ kind, text }) => kind === 'doubt' && !text.endsWith('taken as missing'))) return null
  const files = steps.filter(
    ({ kind, directive }) => kind === 'section' && /^Files/.test(directive?.name ?? ''),
  )
  const access = steps.findLast(({ kind }) => kind === 'access')?.at ?? null
  const section = files.find(
    ({ directive }) =>
      access &&
      directive?.children.some(child => child.source === access.source && child.start === access.start),
  )
  if (section === undefined || access === null) return { grant: null }
  const require = section.directive?.children.find(child => child.start === access.start)
  const word = require?.args.at(-1)
  return { grant: word === undefined ? access : { source: access.source, start: word.start, end: word.end } }
}

const SECRET =
  /^(?:\.env(?:\.(?:local|prod|production|dev|development|stag(?:e|ing)))?|\.htpasswd|\.my\.cnf|\.pgpass|\.npmrc|id_(?:rsa|dsa|ecdsa|ed25519)|wp-config\.php(?:~|[.-](?:bak|old|orig|save|txt).*)|(?:dump|backup|database|db)[\w.-]*\.sql(?:\.(?:gz|bz2|xz|zip))?|db\.sqlite3?)$/i

const REPOSITORIES = ['.git/config', '.git/HEAD', '.svn/wc.db', '.svn/entries', '.hg/requires', '.bzr/README']

/** Below a directory: those of repositories and secrets first. */
function privateFiles(files: FileSystem, directory: string, isFragment: boolean): readonly string[] {
  const names = (files.list(directory) ?? []).filter(({ kind }) => kind === 'file').map(({ name }) => name)
  return [
    ...REPOSITORIES.filter(name => files.kind(posix.join(directory, name)) === 'file'),
    ...names.filter(
      name =>
        SECRET.test(name) &&
        !(isFragment && name.startsWith('.ht')) &&
        placeTextIsFull(files, posix.join(directory, name)),
    ),
    // The main file of every distribution denies `.ht…`.
    ...names.filter(name => name === '.htaccess' && !isFragment),
  ]
}

/** An empty file holds no secret. */
function placeTextIsFull(files: FileSystem, path: string): boolean {
  const result = files.read(path)
  if (result.kind !== 'source') return true
  return placeText({ source: result.source, start: 0, end: result.source.text.length }).trim() !== ''
}
