import type { PhpFpmProgram } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { valueOrNull } from '../../src/servers/fact.ts'
import { isGroupMember, nginxUser, type NginxUser } from '../_nginx-user.ts'

const nginx = (): string => conf`
  user www-data;
  events {
  }
  http {
      server {
          listen 80;
          server_name example.org;
          root /srv/www;
          location ~ \.php$ {
              include fastcgi_params;
              fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
              fastcgi_pass unix:/run/php/php8.2-fpm.sock;
          }
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
  summary: 'nginx may not open the socket of PHP-FPM',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'PHP-FPM makes its socket for root and with mode 0660 unless the pool says otherwise. The worker processes of nginx run as another user: each request for a script is answered with 502 Bad Gateway, `connect() to unix:… failed (13: Permission denied)`.',
  remedy: 'Set `listen.owner` and `listen.group` to the user of nginx, with `listen.mode = 0660`',
  references: [
    'https://www.php.net/manual/en/install.fpm.configuration.php#listen-owner',
    'https://nginx.org/en/docs/ngx_core_module.html#user',
  ],
  bad: [
    {
      title: 'no owner',
      files: { 'etc/nginx/nginx.conf': nginx(), 'etc/php/8.2/fpm/pool.d/www.conf': pool('') },
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
  ],
  good: [
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
  ],
  *check({ connections }) {
    const seen = new Set<PhpFpmProgram>()
    for (const { server, targets } of connections.nginx) {
      for (const { to, address, at: place } of targets) {
        if (to.kind !== 'listener' || to.listener.program.kind !== 'php-fpm' || address.kind !== 'unix')
          continue
        const { program } = to.listener
        const user = nginxUser(server.configuration)
        if (user === null || seen.has(program) || mayOpen(program, user)) continue
        seen.add(program)
        const owner = valueOrNull(program.pool.listenOwner ?? NONE) ?? 'root'
        yield {
          at: to.listener.at,
          message: `the socket belongs to \`${owner}\`, and nginx runs as \`${user.name}\`, so every script is answered with 502`,
          label: 'nginx may not write to it',
          related: [
            { at: place, message: 'nginx connects here' },
            ...(user.at === null ? [] : [{ at: user.at, message: 'the user of nginx' }]),
          ],
          help: `Write \`listen.owner = ${user.name}\` and \`listen.group = ${user.group}\` in the pool`,
        }
      }
    }
  },
})

const NONE = { known: false, reason: '', at: null } as const

/** True also where a setting is not known. */
function mayOpen({ pool, machine }: PhpFpmProgram, { name, group }: NginxUser): boolean {
  if (name === 'root' || pool.listenAclUsers !== null || pool.listenAclGroups !== null) return true
  const mode = pool.listenMode === null ? 0o660 : valueOrNull(pool.listenMode)
  if (mode === null || (mode & 0o002) !== 0) return true
  const owner = pool.listenOwner === null ? 'root' : valueOrNull(pool.listenOwner)
  const ownerGroup = pool.listenGroup === null ? 'root' : valueOrNull(pool.listenGroup)
  if (owner === null || ownerGroup === null) return true
  if (owner === name) return (mode & 0o200) !== 0
  if ((mode & 0o020) === 0) return false
  return ownerGroup === group || isGroupMember(machine, name, ownerGroup) !== false
}
