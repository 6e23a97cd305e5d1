import type { Deployment, PhpFpmProgram } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { valueOrNull } from '../../src/servers/fact.ts'
import { apacheMain } from '../_examples.ts'
import { phpSite } from './_examples.ts'
import { connectingWorker, isGroupMember, shownAccount, type WorkerAccount } from '../_worker-account.ts'

const nginx = (): string => conf`
  user www-data;
  ${phpSite()}
`
const apache = (): string =>
  apacheMain(
    conf`
      User www-data
      Group www-data
      Listen 80
      <VirtualHost *:80>
          ServerName example.org
          DocumentRoot /srv/www
          <Directory /srv/www>
              Require all granted
          </Directory>
          <FilesMatch "\.php$">
              SetHandler "proxy:unix:/run/php/php8.2-fpm.sock|fcgi://localhost"
          </FilesMatch>
      </VirtualHost>
    `,
    ['proxy', 'proxy_fcgi'],
  )
const phpServer = (socket: string): string => conf`
  server {
      listen 80;
      root /srv/www;
      location ~ \.php$ {
          include fastcgi_params;
          fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
          fastcgi_pass unix:${socket};
      }
  }
`
const pool = (lines: string): string => conf`
  [www]
  user = www-data
  group = www-data
  listen = «/run/php/php8.2-fpm.sock»
  ${lines}
  pm = static
  pm.max_children = 5
`

export default defineRule({
  summary: 'nginx or Apache may not open the socket of PHP-FPM',
  severity: 'error',
  otherSeverities: {
    warning: 'where the user of nginx is not in the audit, and the pool says nothing of its socket',
    info: 'where nobody knows of what groups the server is a member',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'PHP-FPM makes its socket for root and with mode 0660 unless the pool says otherwise. The worker processes of nginx or Apache run as another user, and may not write to it: nginx answers each request for a script with 502, `connect() to unix:… failed (13: Permission denied)`, and Apache with 503, `AH02454`.',
  remedy: 'Set `listen.owner` and `listen.group` to the user of the web server, with `listen.mode = 0660`',
  references: [
    'https://www.php.net/manual/en/install.fpm.configuration.php#listen-owner',
    'https://nginx.org/en/docs/ngx_core_module.html#user',
  ],
  bad: [
    {
      title: 'as Alpine’s pool has it',
      files: {
        'etc/nginx/nginx.conf': nginx(),
        'etc/php83/php-fpm.d/www.conf': pool(conf`
          listen.owner = nobody
          listen.group = nobody
          listen.mode = 0660
        `),
      },
    },
    {
      title: 'no owner',
      files: { 'etc/nginx/nginx.conf': nginx(), 'etc/php/8.2/fpm/pool.d/www.conf': pool('') },
    },
    {
      title: 'no owner in a template, beside that of a site',
      files: {
        'templates/site.conf.erb': phpServer('/var/run/php5-fpm.sock'),
        'templates/php-pool.conf.erb': pool('').replace('/run/php/php8.2-fpm.sock', '/var/run/php5-fpm.sock'),
      },
    },
    {
      title: 'another owner',
      files: {
        'etc/nginx/nginx.conf': nginx(),
        'etc/php/8.2/fpm/pool.d/www.conf': pool(conf`
          listen.owner = nginx
          listen.group = nginx
        `),
      },
    },
    {
      title: 'the user of nginx, and Apache connects',
      files: {
        'etc/apache2/apache2.conf': apache(),
        'etc/php/8.2/fpm/pool.d/www.conf': pool(conf`
          listen.owner = nginx
          listen.group = nginx
        `),
      },
    },
    {
      title: 'another group, of which the user of nginx may be a member',
      files: {
        'etc/nginx/nginx.conf': nginx(),
        'etc/php/8.2/fpm/pool.d/www.conf': pool(conf`
          listen.owner = shop
          listen.group = shop
        `),
      },
    },
  ],
  good: [
    {
      title: 'no owner in an image, where FPM runs as the user of nginx',
      files: {
        Dockerfile: 'FROM alpine:3.20\nRUN apk add nginx php83-fpm\nUSER nobody\nCOPY . .\n',
        'config/site.conf': phpServer('/run/php-fpm.sock'),
        'config/fpm-pool.conf': pool('').replace('/run/php/php8.2-fpm.sock', '/run/php-fpm.sock'),
      },
    },
    {
      title: 'the group `www-data` of Alpine, of which its nginx is a member',
      files: {
        'etc/nginx/nginx.conf': nginx().replace('user www-data', 'user nginx'),
        'etc/apk/world': 'nginx\n',
        'etc/php83/php-fpm.d/www.conf': pool(conf`
          listen.owner = shop
          listen.group = www-data
        `),
      },
    },
    {
      title: 'the user of nginx owns it',
      files: {
        'etc/nginx/nginx.conf': nginx(),
        'etc/php/8.2/fpm/pool.d/www.conf': pool('listen.owner = www-data'),
      },
    },
    {
      title: 'its group owns it, by the groups that /etc/group lists',
      files: {
        'etc/nginx/nginx.conf': nginx(),
        'etc/group': conf`
          www-data:x:33:
          nginx:x:101:www-data
        `,
        'etc/php/8.2/fpm/pool.d/www.conf': pool(conf`
          listen.owner = nginx
          listen.group = nginx
        `),
      },
    },
    {
      title: 'open to every user',
      files: {
        'etc/nginx/nginx.conf': nginx(),
        'etc/php/8.2/fpm/pool.d/www.conf': pool('listen.mode = 0666'),
      },
    },
    {
      title: 'an access list',
      files: {
        'etc/nginx/nginx.conf': nginx(),
        'etc/php/8.2/fpm/pool.d/www.conf': pool('listen.acl_users = www-data'),
      },
    },
    {
      title: 'the user of Apache owns it',
      files: {
        'etc/apache2/apache2.conf': apache(),
        'etc/php/8.2/fpm/pool.d/www.conf': pool('listen.owner = www-data'),
      },
    },
  ],
  *check(deployment) {
    const { connections } = deployment
    const seen = new Set<PhpFpmProgram>()
    for (const connection of connections.all) {
      for (const { to, address, at: place } of connection.targets) {
        if (to.kind !== 'listener' || to.listener.program.kind !== 'php-fpm' || address.kind !== 'unix')
          continue
        const { program } = to.listener
        const { name: server, user, status } = connectingWorker(connection)
        if (user === null && server === 'nginx' && !seen.has(program) && isRootsAlone(program, deployment)) {
          seen.add(program)
          yield {
            at: to.listener.at,
            severity: 'warning' as const,
            confidence: 'medium' as const,
            message:
              'without `listen.owner`, `listen.group` and `listen.mode` the socket belongs to root alone, and the worker processes of nginx are not root’s, so every script is answered with 502',
            label: 'for root alone',
            related: [{ at: place, message: 'nginx connects here' }],
            help: 'Write `listen.owner` and `listen.group` with the user of nginx in the pool',
          }
        }
        const right = user === null || seen.has(program) || mayOpen(program, user)
        if (user === null || right === true) continue
        const isOfGroup = right === 'of its group'
        // Which groups an image has, nobody knows here.
        if (isOfGroup && program.machine.container !== null) continue
        seen.add(program)
        const owner = valueOrNull(program.pool.listenOwner ?? NONE) ?? 'root'
        const group = valueOrNull(program.pool.listenGroup ?? NONE) ?? 'root'
        yield {
          at: to.listener.at,
          ...(isOfGroup && { severity: 'info' as const, confidence: 'low' as const }),
          message: `the socket belongs to \`${owner}\`, and ${server} runs as ${shownAccount(user)}, so every script is answered with ${status}${isOfGroup ? ` unless \`${user.name}\` is a member of \`${group}\`` : ''}`,
          label: isOfGroup ? 'for members of its group' : `${server} may not write to it`,
          related: [
            { at: place, message: `${server} connects here` },
            ...(user.at === null ? [] : [{ at: user.at, message: `the user of ${server}` }]),
          ],
          help: `Write \`listen.owner = ${user.name}\` and \`listen.group = ${user.group}\` in the pool`,
        }
      }
    }
  },
})

const NONE = { known: false, reason: '', at: null } as const

/**
 * True of a pool of a repository that says nothing of its socket, and that root starts: in an image FPM may run as the
 * user of nginx, and its sockets are that user’s.
 */
function isRootsAlone({ pool, machine }: PhpFpmProgram, { setups }: Deployment): boolean {
  const { listenOwner, listenGroup, listenMode, listenAclUsers, listenAclGroups, user } = pool
  const isBare = [listenOwner, listenGroup, listenMode, listenAclUsers, listenAclGroups].every(
    each => each === null,
  )
  if (!isBare || user === null || (user.known && user.value === 'root')) return false
  const texts = machine.container === null ? setups() : null
  return texts !== null && !texts.some(({ path }) => /(?:^|\/)Dockerfile|compose[^/]*\.ya?ml$/.test(path))
}

/** True also where a setting is not known; `of its group` where the groups of the account are not, and one of them decides. */
function mayOpen({ pool, machine }: PhpFpmProgram, { name, group }: WorkerAccount): boolean | 'of its group' {
  if (name === 'root' || pool.listenAclUsers !== null || pool.listenAclGroups !== null) return true
  const mode = pool.listenMode === null ? 0o660 : valueOrNull(pool.listenMode)
  if (mode === null || (mode & 0o002) !== 0) return true
  const owner = pool.listenOwner === null ? 'root' : valueOrNull(pool.listenOwner)
  const ownerGroup = pool.listenGroup === null ? 'root' : valueOrNull(pool.listenGroup)
  if (owner === null || ownerGroup === null) return true
  if (owner === name) return (mode & 0o200) !== 0
  if ((mode & 0o020) === 0) return false
  return ownerGroup === group || (isGroupMember(machine, name, ownerGroup) ?? 'of its group')
}
