import { posix } from 'node:path'
import { isAbsent } from '../../src/deployment/is-absent.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { effective } from '../../src/servers/nginx/queries/effective.ts'
import { requestParameters } from '../../src/servers/nginx/queries/request-headers.ts'
import { fileBase } from '../../src/servers/nginx/queries/static-content.ts'
import { isBesideNginx, isPhp } from './_php-connections.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { phpPool } from './_examples.ts'

const tree = (filename: string, pool = phpPool()): Record<string, string> => ({
  'etc/nginx/nginx.conf': conf`
    events {
    }
    http {
        server {
            listen 80;
            server_name example.org;
            root /srv/www;
            location ~ \.php$ {
                include fastcgi_params;
                fastcgi_param SCRIPT_FILENAME ${filename};
                fastcgi_pass unix:/run/php/php8.2-fpm.sock;
            }
        }
    }
  `,
  'etc/php/8.2/fpm/pool.d/www.conf': pool,
})

export default defineRule({
  summary: 'PHP is told of scripts in a directory that is not there',
  severity: 'error',
  otherSeverities: {
    warning:
      'where scripts lie below the document root, and none of the other directory are seen; where the pool is not seen',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'PHP opens the file that `SCRIPT_FILENAME` names. `/scripts` is the directory of the example in nginx’s own `nginx.conf`, and exists nowhere: every script is answered with 404 and `File not found.`, and nginx logs `Primary script unknown`.',
  remedy: 'Write `fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;`',
  references: ['https://nginx.org/en/docs/http/ngx_http_fastcgi_module.html#fastcgi_param'],
  bad: [
    {
      title: 'another directory than the one with the scripts',
      files: { ...tree('«/var/www/html$fastcgi_script_name»'), 'srv/www/index.php': '<?php' },
    },
    { title: 'the directory of the example', files: tree('«/scripts$fastcgi_script_name»') },
    {
      title: 'a directory that the machine does not have',
      files: {
        ...tree('«/etc/shop/public$fastcgi_script_name»'),
        'etc/shop/web/index.php': '<?php',
      },
    },
    { title: 'the path of the URL alone', files: tree('«$fastcgi_script_name»') },
  ],
  good: [
    {
      title: 'a page of FPM itself',
      files: {
        ...tree('$document_root$fastcgi_script_name'),
        'etc/nginx/nginx.conf': nginxMain(
          nginxServer(conf`
            root /srv/www;
            location ~ ^/(?:ping|status)$ {
                include fastcgi_params;
                fastcgi_param SCRIPT_FILENAME $fastcgi_script_name;
                fastcgi_pass unix:/run/php/php8.2-fpm.sock;
            }
          `),
        ),
      },
    },
    {
      title: 'the path of the URL alone, in a pool that sees the document root as the root',
      files: tree('$fastcgi_script_name', phpPool('chroot = /srv/www')),
    },
    {
      title: 'a link to the document root',
      files: {
        ...tree('/home/shop/live$fastcgi_script_name'),
        'srv/www/index.php': '<?php',
        'home/shop/live/': '',
      },
    },
    {
      title: 'a document root with files alone',
      files: { ...tree('/home/shop/live$fastcgi_script_name'), 'srv/www/index.html': '' },
    },
    { title: 'the document root', files: tree('$document_root$fastcgi_script_name') },
    { title: 'the same, written out', files: tree('/srv/www$fastcgi_script_name') },
    {
      title: 'a directory that is there',
      files: { ...tree('/etc/shop/public$fastcgi_script_name'), 'etc/shop/public/index.php': '<?php' },
    },
    {
      title: 'scripts in a directory of that name',
      files: { ...tree('/scripts$fastcgi_script_name'), 'scripts/index.php': '<?php' },
    },
    {
      title: 'a pool that sees a directory of its own as the root',
      files: tree('/scripts$fastcgi_script_name', phpPool('chroot = /srv/jail')),
    },
  ],
  *check({ connections }) {
    for (const connection of connections.nginx) {
      if (connection.pass.name !== 'fastcgi_pass') continue
      yield* withoutRoot(connection)
      if (!isPhp(connection) || !isBesideNginx(connection)) continue
      const { server, block } = connection
      const set = requestParameters(server.configuration, block, 'fastcgi')
      const entry = set.known
        ? set.value.headers.findLast(({ name }) => name === 'SCRIPT_FILENAME')
        : undefined
      const written = /^(\/[^$]*?)\/?\$(?:fastcgi_script_name|\{fastcgi_script_name\}|uri)$/.exec(
        entry?.value ?? '',
      )?.[1]
      if (entry?.at == null || written === undefined) continue
      const directory = posix.normalize(written)
      const base = fileBase(server.configuration, block)
      const root = base.known && base.value.kind === 'root' ? base.value.path.replace(/(?<=.)\/+$/, '') : null
      const isElsewhere = root !== null && hasScripts(connection, root) && !isSeen(connection, directory)
      if (root === directory || !(isElsewhere || isNowhere(connection, directory))) continue
      const [line] = rootLines(connection)
      yield {
        at: entry.at,
        ...(!isNowhere(connection, directory) && ({ severity: 'warning', confidence: 'medium' } as const)),
        message: isNowhere(connection, directory)
          ? `no directory \`${directory}\` is on this machine, so PHP finds no script and answers 404, \`File not found.\``
          : `nginx finds scripts below \`${root}\`, and PHP is to open them below \`${directory}\`: \`File not found.\``,
        label: directory === '/scripts' ? 'the directory of an example' : 'no such directory',
        related:
          line === undefined ? [] : [{ at: argumentPlace(line, 0), message: 'nginx looks for files here' }],
        ...propose('Name the document root', 'unsafe', [
          replacePlace(entry.at, '$document_root$fastcgi_script_name'),
        ]),
      }
    }
  },
})

/** The path of the URL alone, which is one below the root of the machine. */
function* withoutRoot(connection: Connection): Iterable<RuleFinding> {
  const { server, block, targets } = connection
  const set = requestParameters(server.configuration, block, 'fastcgi')
  const entry = set.known ? set.value.headers.findLast(({ name }) => name === 'SCRIPT_FILENAME') : undefined
  if (entry?.at == null || !/^\$\{?(?:fastcgi_script_name|uri|document_uri)\}?$/.test(entry.value)) return
  const base = fileBase(server.configuration, block)
  const root = base.known && base.value.kind === 'root' ? base.value.path : null
  // The pages of FPM itself, `ping` and `status`, are no files.
  if (!block.args.some(({ value }) => /\\?\.php/.test(value)) || root === null || !/^\/[^/$]/.test(root))
    return
  const pools = targets.flatMap(({ to }) =>
    to.kind === 'listener' && to.listener.program.kind === 'php-fpm' ? to.listener.program.pool : [],
  )
  if (pools.some(({ chroot }) => chroot !== null)) return
  yield {
    at: entry.at,
    ...(pools.length === 0 && ({ severity: 'warning', confidence: 'medium' } as const)),
    message: `PHP is told to run \`/index.php\` at the root of the machine, and the scripts lie below \`${root}\`: \`File not found.\``,
    label: 'no document root',
    ...propose('Name the document root', 'unsafe', [
      replacePlace(entry.at, '$document_root$fastcgi_script_name'),
    ]),
  }
}

type Connection = Parameters<typeof isPhp>[0]

/** Nobody has a `/scripts` that did not copy it from nginx's example; any other directory has to be known. */
function isNowhere({ from: { machine } }: Connection, directory: string): boolean {
  return directory === '/scripts'
    ? machine.files.kind(directory) === null
    : isAbsent(machine.files, directory)
}

/** True where the scripts that nginx knows lie below its document root. */
function hasScripts({ from: { machine } }: Connection, root: string): boolean {
  return (machine.files.list(root) ?? []).some(({ name }) => name.endsWith('.php'))
}

/** True also where a part of it may be there: a link, or what is mounted below it. */
function isSeen({ from: { machine } }: Connection, directory: string): boolean {
  return machine.files.kind(directory) !== null
}

function rootLines({ server, block }: Connection) {
  const found = effective(server.configuration, block, 'root')
  return found.known ? found.value.directives.filter(({ name }) => name === 'root') : []
}
