import { once } from '../../parsers/collections/once.ts'
import type { Place } from '../../parsers/text/source.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { apacheMain, nginxMain, nginxServer } from '../_examples.ts'
import { apacheUser, nginxUser, type WorkerAccount } from '../_worker-account.ts'
import { isOpenToOthers } from '../_open-to-others.ts'
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
    ['alias', 'proxy', 'proxy_http', 'proxy_fcgi'],
  ),
})

const PROXY = 'ProxyPass "/" «"unix:/root/shop/shop.sock|http://127.0.0.1/"»'

export default defineRule({
  summary: 'What the server opens lies in the home directory of root, which it may not enter',
  severity: 'error',
  otherSeverities: { warning: 'where the audit does not see the mode of `/root`' },
  confidence: 'high',
  since: '0.1.0',
  why: 'Every distribution makes `/root` for root alone. The workers of nginx and Apache run as another account, so that they get `Permission denied` (13) for all below it: files are answered with 403, 404 or 500, and a socket with 502, `connect() to unix:/root/… failed (13: Permission denied)`, whatever their own modes are.',
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
    {
      title: 'the socket of a unit that runs as root, in a copy of the machine',
      files: {
        ...nginx(conf`
          location / {
              uwsgi_pass «unix:///root/shop/shop.sock»;
          }
        `),
        'etc/systemd/system/shop.service': conf`
          [Service]
          User=root
          Group=www-data
          WorkingDirectory=/root/shop
          ExecStart=/root/shop/venv/bin/uwsgi --socket /root/shop/shop.sock --module shop.wsgi
        `,
        'root/shop/': '',
      },
      modes: { 'root/': 0o755 },
    },
    {
      title: 'the socket of an upstream',
      files: {
        'etc/nginx/nginx.conf': nginxMain(conf`
          upstream shop {
              server «unix:/root/shop/shop.sock» fail_timeout=0;
          }
          ${nginxServer('location / { proxy_pass http://shop; }')}
        `),
      },
    },
    {
      title: 'passwords',
      files: nginx(conf`
        location / {
            auth_basic Staff;
            auth_basic_user_file «/root/.htpasswd»;
            proxy_pass http://127.0.0.1:9000;
        }
      `),
    },
    { title: 'the files of Apache', files: apache('DocumentRoot «/root/shop»') },
    { title: 'a socket to which Apache proxies', files: apache(PROXY) },
    {
      title: 'a socket of PHP',
      files: apache(conf`
        <FilesMatch "\.php$">
            SetHandler «"proxy:unix:/root/shop/php.sock|fcgi://localhost"»
        </FilesMatch>
      `),
    },
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
      title: 'a home directory of a running machine that was opened',
      files: { ...nginx('root /root/shop/dist;'), 'root/': '', 'proc/': '' },
      modes: { 'root/': 0o755 },
    },
    {
      title: 'one of a copy that was opened for those who know its names',
      files: { ...nginx('root /root/shop/dist;'), 'root/': '' },
      modes: { 'root/': 0o711 },
    },
    {
      title: 'opened by a script',
      files: {
        'setup.sh': 'apt-get install -y nginx\nchmod 755 /root\n',
        'nginx/site.conf': nginxServer('root /root/shop/dist;'),
      },
    },
    {
      title: 'a socket of Apache elsewhere',
      files: apache(PROXY.replace('«', '').replace('»', '').replace('/root/', '/run/')),
    },
  ],
  *check(deployment) {
    const { nginx: servers, apache: configurations, filesOf } = deployment
    const isOpened = once(() => mayBeOpened(deployment))
    for (const configuration of servers) {
      const user = nginxUser(configuration)
      if (user === null ? configuration.occurrences.has('user') : user.name === 'root') continue
      yield* refused(pathsOfNginx(configuration), user, configuration, filesOf(configuration), isOpened)
    }
    for (const configuration of configurations) {
      const user = apacheUser(configuration)
      // Its requests are answered by other accounts.
      if (user?.name === 'root' || configuration.occurrences.has('assignuserid')) continue
      yield* refused(pathsOfApache(configuration), user, configuration, filesOf(configuration), isOpened)
    }
  },
})

function* refused(
  paths: Iterable<ServedPath>,
  user: WorkerAccount | null,
  { main }: { readonly main: unknown },
  files: FileSystem,
  isOpened: () => boolean,
) {
  for (const at of placesOf(paths)) {
    const isOpen = isOpenToOthers(files, '/root')
    if (isOpen === true || isOpened()) return
    yield {
      at,
      ...(main === null && { confidence: 'medium' as const }),
      // Whoever serves from there may have opened it.
      ...(isOpen === null && { severity: 'warning' as const }),
      message: `${user === null ? 'the workers of the server' : `\`${user.name}\``} may not enter \`/root\`, so everything below it is \`Permission denied\``,
      label: 'for root alone',
      related: user?.at == null ? [] : [{ at: user.at, message: 'the workers run as this account' }],
    }
  }
}

function* placesOf(paths: Iterable<ServedPath>): Iterable<Place> {
  for (const { path, at } of paths) if (path.startsWith('/root/')) yield at
}

/** True where a script, a playbook or an image may open the directory, or has the server run as root. */
function mayBeOpened(deployment: Deployment): boolean {
  return (deployment.setups() ?? []).some(({ text }) => OPENS.test(text))
}

const OPENS =
  /\b(?:chmod|setfacl|install)\b.*[\s"'](?:\/root|~root|~)\/?(?=["'\s;&]|$)|\b(?:path|dest|name):\s*["']?\/root\/?["']?\s*$|\buser\s+["']?root\b|APACHE_RUN_USER/m
