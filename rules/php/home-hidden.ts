import type { Deployment } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { serviceOf } from '../../src/deployment/service-of.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { phpPool, phpSite } from './_examples.ts'
import { documentRoot } from './_script-directory.ts'

const tree = (lines: string, root = '/home/shop/public'): Record<string, string> => ({
  'etc/nginx/nginx.conf': phpSite('').replace('/srv/www', root),
  'etc/php/8.2/fpm/pool.d/www.conf': phpPool(),
  'etc/systemd/system/php8.2-fpm.service.d/local.conf': conf`
    [Service]
    ${lines}
  `,
})

export default defineRule({
  summary: 'The unit of PHP-FPM hides the home directories, and the scripts lie there',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'With `ProtectHome=yes` or `tmpfs` a service sees `/home`, `/root` and `/run/user` empty. nginx finds the script and passes its name on, and for FPM no such file is there: `Primary script unknown`, and 404, `File not found.`',
  remedy:
    'Write `ProtectHome=false` in a drop-in of the unit, or keep the site outside of the home directories',
  references: ['https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#ProtectHome='],
  unproven: 'The live tests start no systemd, which hides the directories',
  bad: [
    { title: 'a site in a home directory', files: tree('ProtectHome=«true»') },
    {
      title: 'the unit of other distributions',
      files: {
        'etc/nginx/nginx.conf': phpSite('').replace('/srv/www', '/home/shop/public'),
        'etc/php-fpm.d/www.conf': phpPool(),
        'usr/lib/systemd/system/php-fpm.service': conf`
          [Service]
          Type=notify
          ExecStart=/usr/bin/php-fpm --nodaemonize
          ProtectHome=«true»
        `,
      },
    },
  ],
  good: [
    { title: 'to be read alone', files: tree('ProtectHome=read-only') },
    { title: 'elsewhere', files: tree('ProtectHome=true', '/srv/shop/public') },
    {
      title: 'bound back into the empty directory',
      files: tree(conf`
        ProtectHome=tmpfs
        BindReadOnlyPaths=/home/shop
      `),
    },
    {
      title: 'a drop-in that turns it off',
      files: {
        ...tree('ProtectHome=false'),
        'lib/systemd/system/php8.2-fpm.service': conf`
          [Service]
          ExecStart=/usr/sbin/php-fpm8.2 --nodaemonize
          ProtectHome=true
        `,
      },
    },
  ],
  *check({ connections }: Deployment) {
    for (const connection of connections.nginx) {
      if (connection.pass.name !== 'fastcgi_pass') continue
      const root = documentRoot(connection)
      if (root === null || !/^\/(?:home|root|run\/user)\//.test(root)) continue
      for (const { to } of connection.targets) {
        if (to.kind !== 'listener' || to.listener.program.kind !== 'php-fpm') continue
        const service = serviceOf(to.listener.program)
        const protection = service?.protectHome
        if (service === null || protection?.known !== true || protection.at === null) continue
        if (protection.value !== 'yes' && protection.value !== 'tmpfs') continue
        if (
          service.unit.settings.some(({ name }) =>
            /^(?:Bind(?:ReadOnly)?Paths|Root(?:Directory|Image))$/.test(name),
          )
        )
          continue
        yield {
          at: protection.at,
          message: `PHP-FPM sees \`${/^\/\w+/.exec(root)?.[0]}\` empty, so no script of \`${root}\` is there for it: File not found`,
          label: 'hides the scripts',
          related: [{ at: argumentPlace(connection.pass, 0), message: 'nginx asks for them here' }],
        }
      }
    }
  },
})
