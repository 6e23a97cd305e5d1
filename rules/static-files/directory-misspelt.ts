import { posix } from 'node:path'
import { cleanPath } from '../../parsers/text/clean-path.ts'
import { isBelow } from '../../parsers/text/is-below.ts'
import { type AnyDirective, argumentPlace } from '../../src/deployment/places.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { apacheMain, nginxMain, nginxServer } from '../_examples.ts'
import { type NearName, nearestName } from '../_nearest-name.ts'

const nginx = (path: string, more = ''): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(
    nginxServer(conf`
      location /media/ {
          alias ${path};
      }
      ${more}
      location / {
          proxy_pass http://127.0.0.1:8000;
      }
    `),
  ),
  'srv/shop/media/logo.png': 'logo\n',
})
const apache = (path: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      ServerName example.org
      Alias /docs ${path}
      <Directory /srv>
          Require all granted
      </Directory>
    `,
    ['alias', 'authz_host'],
  ),
  'srv/shop/documents/page.html': 'page\n',
})

const symfony = (root: string, more?: Readonly<Record<string, string>>): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(
    nginxServer(conf`
      root ${root};
      location / {
          try_files $uri /index.php$is_args$args;
      }
      location ~ \\.php$ {
          include fastcgi_params;
          fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
          fastcgi_pass unix:/run/php/shop.sock;
      }
    `),
  ),
  'srv/shop/composer.json': '{ "require": { "symfony/framework-bundle": "7.3.*" } }\n',
  'srv/shop/public/index.php': '<?php\n',
  ...more,
})

export default defineRule({
  summary: 'A directory that is served is not there, and the one that is meant is',
  severity: 'warning',
  confidence: 'medium',
  since: '0.1.0',
  why: 'nginx and Apache start without the directories that they are to serve, and answer every request for their files with 404.',
  remedy: 'Write the name of the directory that is there',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#alias',
    'https://httpd.apache.org/docs/2.4/mod/mod_alias.html#alias',
  ],
  bad: [
    { title: 'a letter too many', files: nginx('«/srv/shop/medias/»') },
    { title: 'the directory of another release of Symfony', files: symfony('«/srv/shop/web»') },
    { title: 'a letter too few, in Apache', files: apache('«/srv/shop/document»') },
  ],
  good: [
    { title: 'the directory of the application', files: symfony('/srv/shop/public') },
    {
      title: 'two directories with a start script',
      files: symfony('/srv/shop/web', { 'srv/shop/htdocs/index.php': '<?php\n' }),
    },
    { title: 'the directory that is there', files: nginx('/srv/shop/media/') },
    { title: 'the one that is there, in Apache', files: apache('/srv/shop/documents') },
    {
      title: 'one of which nothing is seen, beside the other that is served',
      files: nginx('/srv/shop/medias/', 'location /old/ {\n    alias /srv/shop/media/;\n}'),
    },
    {
      title: 'two of a kind',
      files: { ...nginx('/srv/shop/media-b/'), 'srv/shop/media-a/logo.png': 'logo\n' },
    },
    {
      title: 'what a build writes',
      files: { ...nginx('/srv/shop/builds/'), 'srv/shop/build/make.sh': 'make\n' },
    },
  ],
  *check({ nginx, apache, filesOf }) {
    for (const configuration of nginx)
      yield* among(
        filesOf(configuration),
        ['root', 'alias'].flatMap(name =>
          (configuration.occurrences.get(name) ?? []).flatMap(line => servedBy(line, 0)),
        ),
      )
    for (const configuration of apache)
      yield* among(filesOf(configuration), [
        ...(configuration.occurrences.get('documentroot') ?? []).flatMap(line => servedBy(line, 0)),
        ...(configuration.occurrences.get('alias') ?? []).flatMap(line => servedBy(line, 1)),
      ])
  },
})

interface Served {
  readonly line: AnyDirective
  readonly index: number
  /** Without the slash at its end. */
  readonly path: string
}

function servedBy(line: AnyDirective, index: number): readonly Served[] {
  const path = line.args[index]?.value ?? ''
  if (!/^\/[^$%{}*?[\]]+$/.test(path)) return []
  return [{ line, index, path: cleanPath(path) }]
}

function* among(files: FileSystem, all: readonly Served[]): Iterable<RuleFinding> {
  const served = new Set(all.map(({ path }) => path))
  for (const { line, index, path } of all) {
    if (files.kind(path) !== null) continue
    const near = nearestName(files, path)
    const slip = near !== null && isSlipOfDirectory(near) ? near : otherPublic(files, path)
    if (slip === null) continue
    const end = path.indexOf(`/${slip.missing}`)
    const meant = path.replace(`/${slip.missing}`, `/${slip.present}`)
    if (files.kind(meant) !== 'directory' || [...served].some(each => isBelow(each, meant))) continue
    const directory = path.slice(0, end + 1 + slip.missing.length)
    const at = argumentPlace(line, index)
    const text = at.source.text.slice(at.start, at.end)
    yield {
      at,
      message: `no such directory: \`${directory}\`, and \`${slip.present}\` lies beside it`,
      ...propose(`Write \`${slip.present}\``, 'unsafe', [
        replacePlace(at, text.replace(`/${slip.missing}`, `/${slip.present}`)),
      ]),
    }
  }
}

/** What projects of PHP call the one directory that is served. */
const PUBLIC = /^(?:public|web|webroot|www|html|htdocs|httpdocs|public_html|pub)$/

/** The directory with the start script of an application, beside the one that another release or framework has. */
function otherPublic(files: FileSystem, path: string): NearName | null {
  const missing = posix.basename(path)
  const project = posix.dirname(path)
  if (!PUBLIC.test(missing) || files.kind(`${project}/composer.json`) !== 'file') return null
  const [only, ...others] = (files.list(project) ?? []).filter(
    ({ name, kind }) =>
      kind === 'directory' && PUBLIC.test(name) && files.kind(`${project}/${name}/index.php`) === 'file',
  )
  return only === undefined || others.length > 0 ? null : { missing, present: only.name }
}

/** Of what a build or a command makes nothing is seen before it runs. */
const MADE = /^(?:dist|build|built|out|output|target|release|current|public_html|cache|logs?|tmp|temp)s?$/i

/**
 * A letter too many or too few of a word: names in which one letter is another may be those of two things, and so may
 * names of hosts.
 */
function isSlipOfDirectory({ missing, present }: NearName): boolean {
  return (
    missing.length !== present.length &&
    Math.min(missing.length, present.length) >= LEAST &&
    !/[.\d]/.test(missing + present) &&
    !MADE.test(missing) &&
    !MADE.test(present)
  )
}

/** Of shorter names each may be one letter away from another. */
const LEAST = 5
