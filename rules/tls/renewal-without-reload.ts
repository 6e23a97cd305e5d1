import type { Place } from '../../parsers/text/source.ts'
import {
  acmeShDomains,
  commonHooks,
  renewals,
  renewsAlone,
  requestsAlone,
} from '../../src/deployment/acme-challenges.ts'
import type { Deployment, Machine } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { serviceCommands } from '../../src/deployment/service-commands.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { nginxMain } from '../_examples.ts'
import { renewingBeside } from './_certbot-renewing.ts'

const LIVE = '/etc/letsencrypt/live/example.org'
const nginx = (
  certificate = `${LIVE}/fullchain.pem`,
  key = `${LIVE}/privkey.pem`,
): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(conf`
    server {
        listen 443 ssl;
        server_name example.org;
        ssl_certificate ${certificate};
        ssl_certificate_key ${key};
        root /srv/www;
    }
  `),
})
const renewal = (lines: string): Record<string, string> => ({
  'etc/letsencrypt/renewal/example.org.conf': conf`
    version = 2.1.0
    [renewalparams]
    ${lines}
    [[webroot_map]]
    example.org = /srv/www
  `,
})
const acmeSh = (line: string): Record<string, string> => ({
  ...nginx('/etc/nginx/tls/example.org.pem', '/etc/nginx/tls/example.org.key'),
  'root/.acme.sh/example.org/example.org.conf': conf`
    Le_Domain='example.org'
    Le_Alt='no'
    Le_Webroot='dns_cf'
    Le_RealKeyPath='/etc/nginx/tls/example.org.key'
    Le_RealFullChainPath='/etc/nginx/tls/example.org.pem'
    ${line}
  `,
})

const ENDLESS = "/bin/sh -c 'trap exit TERM; while :; do certbot renew; sleep 12h; done'"
const compose = (
  more: Readonly<Record<string, string>> = {},
  nginx = '',
  entrypoint = ENDLESS,
  others = '',
): Record<string, string> => ({
  'compose.yaml': conf`
    services:
      web:
        image: nginx:1.29
        ports: ["80:80", "443:443"]
        volumes:
          - ./site.conf:/etc/nginx/conf.d/default.conf:ro
          - ./certbot/conf:/etc/letsencrypt:ro
        ${nginx}
      certbot:
        image: certbot/certbot
        entrypoint: ${entrypoint}
        volumes:
          - ./certbot/conf:/etc/letsencrypt
          - ./certbot/www:/var/www/certbot
      ${others}
  `,
  'site.conf': conf`
    server {
        listen 443 ssl;
        server_name example.org;
        ssl_certificate ${LIVE}/fullchain.pem;
        ssl_certificate_key ${LIVE}/privkey.pem;
    }
  `,
  ...more,
})

export default defineRule({
  summary: 'nginx is not reloaded when its certificate is renewed',
  severity: 'warning',
  otherSeverities: {
    info: 'where no command at all is written, and nothing here starts certbot: what does may reload nginx',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'nginx reads a certificate when it starts and when it is reloaded. The file is renewed in time, and nginx goes on with the old certificate until that expires.',
  remedy: 'Reload nginx after each renewal: `certbot reconfigure --deploy-hook "systemctl reload nginx"`',
  references: [
    'https://eff-certbot.readthedocs.io/en/stable/using.html#renewing-certificates',
    'https://github.com/acmesh-official/acme.sh#3-install-the-cert-to-apachenginx-etc',
  ],
  unproven: 'The live tests have no certbot and no authority that renews',
  bad: [
    {
      title: 'another server is reloaded',
      files: {
        ...nginx(),
        ...renewal(conf`
          authenticator = webroot
          renew_hook = «systemctl reload apache2»
        `),
      },
    },
    { title: 'no command', files: { ...nginx(), ...renewal('authenticator = «webroot»') } },
    {
      title: 'no command, and the table of cron that starts certbot',
      files: {
        ...nginx(),
        ...renewal('authenticator = «webroot»'),
        'etc/cron.d/certbot': '17 */12 * * * root certbot -q renew\n',
      },
    },
    {
      title: 'no command, and what Debian’s package has',
      files: {
        ...nginx(),
        ...renewal('authenticator = «webroot»'),
        'etc/cron.d/certbot': conf`
          0 */12 * * * root test -x /usr/bin/certbot -a \! -d /run/systemd/system && perl -e 'sleep int(rand(43200))' && certbot -q renew
        `,
        'etc/systemd/system/certbot.service': conf`
          [Unit]
          Description=Certbot
          Documentation=https://letsencrypt.readthedocs.io/en/latest/
          [Service]
          Type=oneshot
          ExecStart=/usr/bin/certbot -q renew
        `,
      },
    },
    {
      title: 'no command, and the table of Alpine’s cron',
      files: {
        ...nginx(),
        ...renewal('authenticator = «webroot»'),
        'etc/crontabs/root': '17 3 * * * certbot renew --quiet\n',
      },
    },
    {
      title: 'a certificate that cron asks for anew',
      files: {
        ...nginx(),
        'etc/cron.d/certbot':
          '17 3 * * * root «certbot» certonly --webroot -w /srv/www -d example.org --keep-until-expiring -n -q\n',
      },
    },
    {
      title: 'a certbot of a container that renews again and again',
      files: compose({}, '', ENDLESS.replace('certbot renew', '«certbot renew»')),
    },
    {
      title: 'a hook of all certificates reloads another server',
      files: {
        ...nginx(),
        ...renewal('authenticator = webroot'),
        'etc/letsencrypt/renewal-hooks/deploy/reload.sh': conf`
          #!/bin/sh
          set -e
          «systemctl reload apache2»
        `,
      },
    },
    {
      title: 'the hook of the command in the table of cron',
      files: {
        ...nginx(),
        ...renewal('authenticator = webroot'),
        'etc/cron.d/certbot':
          '17 */12 * * * root certbot -q renew --deploy-hook «"systemctl reload postfix dovecot"»\n',
      },
    },
    {
      title: 'a command behind the one that renews',
      files: {
        ...nginx(),
        ...renewal('authenticator = webroot'),
        'etc/cron.d/certbot': '17 */12 * * * root certbot -q renew && «systemctl reload haproxy»\n',
      },
    },
    {
      title: 'acme.sh reloads another server',
      files: acmeSh("«Le_ReloadCmd='service apache2 force-reload'»"),
    },
    {
      title: 'acme.sh as it keeps the command',
      files: acmeSh(
        "«Le_ReloadCmd='__ACME_BASE64__START_c3lzdGVtY3RsIHJlbG9hZCBhcGFjaGUy__ACME_BASE64__END_'»",
      ),
    },
    { title: 'acme.sh with no command', files: acmeSh("«Le_ReloadCmd=''»") },
  ],
  good: [
    {
      title: 'a certificate that cron asks for anew, with a hook and with a command behind it',
      files: {
        ...nginx(),
        'etc/cron.d/certbot': conf`
          17 3 * * * root certbot certonly --webroot -w /srv/www -d example.org -n -q --deploy-hook "nginx -s reload"
          17 4 * * * root certbot certonly --webroot -w /srv/www -d example.org -n -q && systemctl reload nginx
        `,
      },
    },
    {
      title: 'a certificate that cron asks for anew, beside a line that reloads nginx',
      files: {
        ...nginx(),
        'etc/cron.d/certbot': conf`
          17 3 * * * root certbot certonly --webroot -w /srv/www -d example.org -n -q
          17 4 * * 1 root systemctl reload nginx
        `,
      },
    },
    {
      title: 'nginx is reloaded',
      files: {
        ...nginx(),
        ...renewal(conf`
          authenticator = webroot
          renew_hook = systemctl reload apache2 && systemctl reload nginx
        `),
      },
    },
    {
      title: 'started again after the renewal',
      files: {
        ...nginx(),
        ...renewal(conf`
          authenticator = standalone
          pre_hook = service nginx stop
          post_hook = service nginx start
        `),
      },
    },
    {
      title: 'certbot installs it into nginx itself',
      files: {
        ...nginx(),
        ...renewal(conf`
          authenticator = webroot
          installer = nginx
        `),
      },
    },
    {
      title: 'a hook of all certificates',
      files: {
        ...nginx(),
        ...renewal('authenticator = webroot'),
        'etc/letsencrypt/renewal-hooks/deploy/reload': conf`
          #!/bin/sh
          systemctl reload nginx
        `,
      },
    },
    {
      title: 'a hook that reloads whichever server is told',
      files: {
        ...nginx(),
        ...renewal('authenticator = webroot'),
        'etc/letsencrypt/renewal-hooks/deploy/reload': conf`
          #!/bin/sh
          . /etc/default/web
          systemctl reload "$WEB_SERVER"
        `,
      },
    },
    {
      title: 'two hooks, of which one reloads nginx',
      files: {
        ...nginx(),
        ...renewal('authenticator = webroot'),
        'etc/letsencrypt/renewal-hooks/deploy/mail': 'systemctl reload postfix\n',
        'etc/letsencrypt/renewal-hooks/post/web': 'service nginx reload\n',
      },
    },
    {
      title: 'nginx is reloaded whenever its logs are rotated',
      files: {
        ...nginx(),
        ...renewal('authenticator = webroot'),
        'etc/letsencrypt/renewal-hooks/deploy/mail': 'systemctl reload postfix\n',
        'etc/logrotate.d/nginx': conf`
          /var/log/nginx/*.log {
              daily
              postrotate
                  systemctl reload nginx
              endscript
          }
        `,
      },
    },
    {
      title: 'a certificate that nginx does not read',
      files: {
        ...nginx('/etc/ssl/example.org.pem', '/etc/ssl/example.org.key'),
        ...renewal(conf`
          authenticator = webroot
          renew_hook = systemctl reload postfix
        `),
      },
    },
    {
      title: 'nginx of a container that reloads itself from time to time',
      files: compose(
        {},
        'command: /bin/sh -c \'while :; do sleep 6h; nginx -s reload; done & nginx -g "daemon off;"\'',
      ),
    },
    {
      title: 'a script of the image that reloads nginx',
      files: compose(
        {
          Dockerfile: conf`
            FROM nginx:1.29
            COPY reload.sh /docker-entrypoint.d/99-reload.sh
          `,
          'reload.sh': 'while :; do sleep 6h; nginx -s reload; done &\n',
        },
        'build: .',
      ),
    },
    {
      title: 'a hook of certbot’s container',
      files: compose(
        {},
        '',
        `/bin/sh -c 'while :; do certbot renew --deploy-hook "touch /etc/letsencrypt/new"; sleep 12h; done'`,
      ),
    },
    {
      title:
        'a certbot of a container that is started for each renewal, and whoever starts it may reload nginx',
      files: compose({}, '', 'certbot renew'),
    },
    {
      title: 'a table of cron in the repository',
      files: compose({ 'scripts/crontab': '17 3 * * * docker compose exec web nginx -s reload\n' }),
    },
    {
      title: 'a container that has the socket of Docker',
      files: compose(
        {},
        '',
        ENDLESS,
        conf`
          reloader:
            image: example/reloader
            volumes: [/var/run/docker.sock:/var/run/docker.sock]
        `,
      ),
    },
    { title: 'acme.sh reloads nginx', files: acmeSh("Le_ReloadCmd='systemctl reload nginx'") },
  ],
  *check(deployment) {
    for (const machine of deployment.machines) {
      const [certbot, domains] = [renewals(machine.files), acmeShDomains(machine.files)]
      const timed = requestsAlone(machine.files)
      const label = 'nginx is not reloaded'
      if (machine.container !== null) {
        for (const [path, place] of certificatesOf(deployment, machine)) {
          const at = renewingBeside(machine.container, path)
          if (at === null) continue
          yield {
            at,
            confidence: 'medium',
            message:
              'certbot renews the certificate again and again, and nothing here reloads nginx after it',
            label,
            related: [{ at: place, message: 'nginx reads it when it is reloaded' }],
            help: 'Have the container of nginx run `while :; do sleep 6h; nginx -s reload; done &` beside it',
          }
          break
        }
      }
      if (certbot.length + domains.length + timed.length === 0) continue
      const read = certificatesOf(deployment, machine)
      for (const { name, at } of timed) {
        const place = read.get(`/etc/letsencrypt/live/${name}`)
        if (place === undefined || certbot.some(each => each.name === name && each.hooks.length > 0)) continue
        yield {
          at,
          message: `nginx reads the certificate \`${name}\`, and nothing here reloads it after this`,
          label,
          related: [{ at: place, message: 'nginx reads it when it is reloaded' }],
          help: 'Add `--deploy-hook "systemctl reload nginx"`',
        }
      }
      for (const { name, authenticator, authenticatorAt, installer, hooks } of certbot) {
        const place = read.get(`/etc/letsencrypt/live/${name}`)
        if (place === undefined || [installer, authenticator].includes('nginx')) continue
        const common = commonHooks(machine.files)
        if (common === null) continue
        const after = [...hooks, ...common].filter(({ when }) => when !== 'pre')
        const [hook] = after
        if (hook === undefined) {
          if (authenticatorAt === null || hooks.length + common.length > 0 || installer !== null) continue
          const renewing = renewsAlone(machine.files)
          yield {
            at: authenticatorAt,
            ...(renewing === null && { severity: 'info' as const }),
            confidence: 'medium',
            message: `nothing here reloads nginx after \`${name}\` is renewed`,
            label,
            related: [
              { at: place, message: 'nginx reads it when it is reloaded' },
              ...(renewing === null ? [] : [{ at: renewing, message: 'renewed here' }]),
            ],
          }
        } else if (after.every(({ command }) => leavesNginx(command)))
          yield {
            at: hook.at,
            message: `nginx reads the certificate \`${name}\`, and this command does not reload it`,
            label,
            related: [{ at: place, message: 'nginx reads it when it is reloaded' }],
          }
      }
      for (const { fullChain, certificate, name, reload } of domains) {
        const place = [fullChain, certificate].flatMap(path =>
          path === null ? [] : (read.get(path) ?? []),
        )[0]
        if (place === undefined || reload === null) continue
        if (reload.command !== '' && !leavesNginx(reload.command)) continue
        yield {
          at: reload.at,
          confidence: 'medium',
          message:
            reload.command === ''
              ? `nothing reloads nginx after acme.sh has renewed \`${name}\``
              : `nginx reads the certificate \`${name}\`, and this command does not reload it`,
          label,
          related: [{ at: place, message: 'nginx reads it when it is reloaded' }],
          help: `Install it with \`--reloadcmd "systemctl reload nginx"\``,
        }
      }
    }
  },
})

/** True for what starts, stops and reloads services, and nginx is none of them. */
function leavesNginx(command: string): boolean {
  return serviceCommands(command)?.every(({ service }) => service !== 'nginx') ?? false
}

/** The files that `ssl_certificate` of a machine's nginx names, and the directories of certbot's that they lie in. */
function certificatesOf({ nginx, programOf }: Deployment, machine: Machine): ReadonlyMap<string, Place> {
  const found = new Map<string, Place>()
  for (const configuration of nginx) {
    if (programOf(configuration).machine !== machine) continue
    for (const line of configuration.occurrences.get('ssl_certificate') ?? []) {
      const path = line.args[0]?.value ?? ''
      const directory = /^\/etc\/letsencrypt\/live\/[^/]+(?=\/[^/]+$)/.exec(path)?.[0]
      for (const key of [path, directory]) {
        if (key !== undefined && !found.has(key)) found.set(key, argumentPlace(line, 0))
      }
    }
  }
  return found
}
