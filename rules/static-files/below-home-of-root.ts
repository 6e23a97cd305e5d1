import type { Place } from '../../parsers/text/source.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { apacheMain, nginxMain, nginxServer } from '../_examples.ts'
import { apacheUser, nginxUser, type WorkerAccount } from '../_worker-account.ts'
import { pathsOfApache, pathsOfNginx, type ServedPath } from './_served-paths.ts'

const nginx = (lines: string, user = 'www-data'): Record<string, string> => ({
  'etc/nginx/nginx.conf': `user ${user};\n${nginxMain(nginxServer(lines))}`,
})
const apache = (lines: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      User www-data
      Group www-data
      Listen 80
      ServerName example.org
      ${lines}
      <Directory /root/shop>
          Require all granted
      </Directory>
    `,
    ['alias'],
  ),
})

export default defineRule({
  summary: 'What is served lies in the home directory of root, which the server may not enter',
  severity: 'error',
  otherSeverities: { warning: 'where the audit does not see the mode of `/root`' },
  confidence: 'high',
  since: '0.1.0',
  why: 'Every distribution makes `/root` for root alone. The workers of nginx and Apache run as another account, so that they get `Permission denied` (13) for all below it: files are answered with 403, 404 or 500, and a socket with 502, whatever their own modes are.',
  remedy:
    'Move it to `/srv` or `/var/www`; a server that runs as root instead hands the machine to whoever breaks into it',
  references: ['https://nginx.org/en/docs/ngx_core_module.html#user'],
  unproven: 'The live tests make a `/root` of their own, which is open to all',
  bad: [
    { title: 'the files of nginx', files: nginx('root «/root/shop/dist»;') },
    {
      title: 'the socket of an application',
      files: nginx(conf`
        location / {
            proxy_pass «http://unix:/root/shop/shop.sock»;
        }
      `),
    },
    { title: 'the files of Apache', files: apache('DocumentRoot «/root/shop»') },
    { title: 'a fragment', files: { 'site.conf': nginxServer('root «/root/shop/dist»;') } },
  ],
  good: [
    { title: 'another directory', files: nginx('root /srv/root/shop;') },
    { title: 'a server that runs as root', files: nginx('root /root/shop/dist;', 'root') },
    {
      title: 'an account that a template fills in',
      files: {
        'templates/nginx.conf.j2':
          nginx('root /root/shop/dist;', '{{ nginx_user }}')['etc/nginx/nginx.conf'] ?? '',
      },
    },
    {
      title: 'a home directory that was opened',
      files: { ...nginx('root /root/shop/dist;'), 'root/': '' },
      modes: { 'root/': 0o755 },
    },
  ],
  *check({ nginx: servers, apache: configurations, filesOf }) {
    for (const configuration of servers) {
      const user = nginxUser(configuration)
      const isOpen = user === null ? configuration.occurrences.has('user') : user.name === 'root'
      if (isOpen || mayBeEntered(filesOf(configuration))) continue
      yield* refused(placesOf(pathsOfNginx(configuration)), user, configuration, filesOf(configuration))
    }
    for (const configuration of configurations) {
      if (mayBeEntered(filesOf(configuration))) continue
      yield* refused(
        placesOf(pathsOfApache(configuration)),
        apacheUser(configuration),
        configuration,
        filesOf(configuration),
      )
    }
  },
})

function* refused(
  places: Iterable<Place>,
  user: WorkerAccount | null,
  { main }: { readonly main: unknown },
  files: FileSystem,
) {
  for (const at of places)
    yield {
      at,
      ...(main === null && { confidence: 'medium' as const }),
      // Whoever serves from there may have opened it.
      ...(files.mode('/root') === null && { severity: 'warning' as const }),
      message: `${user === null ? 'the workers of the server' : `\`${user.name}\``} may not enter \`/root\`, so everything below it is \`Permission denied\``,
      label: 'for root alone',
      related: user?.at == null ? [] : [{ at: user.at, message: 'the workers run as this account' }],
    }
}

/** True where the audit sees that others may go through the directory. */
function mayBeEntered(files: FileSystem): boolean {
  const mode = files.mode('/root')
  return mode !== null && (mode & 0o001) !== 0
}

function* placesOf(paths: Iterable<ServedPath>): Iterable<Place> {
  for (const { path, at } of paths) if (path.startsWith('/root/')) yield at
}
