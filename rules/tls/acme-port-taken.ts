import type { RenewalHook } from '../../parsers/certbot/renewal.ts'
import { mayFreePort, renewals } from '../../src/deployment/acme-challenges.ts'
import type {
  ApacheListener,
  Deployment,
  Listener,
  Machine,
  NginxListener,
} from '../../src/deployment/model.ts'
import { clientRequest, PATHS } from '../../src/deployment/requests/made-up-requests.ts'
import { probeRedirects } from '../../src/deployment/requests/probe.ts'
import { serviceCommands } from '../../src/deployment/service-commands.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { apacheMain, nginxMain } from '../_examples.ts'

const renewal = (lines: string): Record<string, string> => ({
  'etc/letsencrypt/renewal/example.org.conf': conf`
    version = 2.1.0
    [renewalparams]
    ${lines}
    key_type = ecdsa
  `,
})
const NGINX = {
  'etc/nginx/nginx.conf': nginxMain(conf`
    server {
        listen 80;
        listen [::]:80;
        server_name example.org;
        location / {
            proxy_pass http://127.0.0.1:9000;
            proxy_set_header Host $host;
        }
    }
  `),
}
const apache = (address: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(conf`
    Listen ${address}
    <VirtualHost ${address.includes(':') ? address : `*:${address}`}>
        ServerName example.org
        DocumentRoot /srv/www
    </VirtualHost>
  `),
})
const BEHIND = { ...NGINX, ...apache('127.0.0.1:9000') }

export default defineRule({
  summary: 'certbot needs port 80, and another server has it',
  severity: 'error',
  otherSeverities: {
    warning: 'where no hook is written at all, for a command line that nobody sees may have one',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'The authority asks for the challenge on port 80. `standalone` opens that port itself, which fails while a server has it; the plugins for nginx and Apache write the answer into the configuration of their own server, where nobody asks for it if the other one has the port. The certificate is not renewed, and expires.',
  remedy:
    'Renew with `certbot certonly --webroot`, and serve `/.well-known/acme-challenge/` from the server that has port 80; or stop that server in `pre_hook` and start it in `post_hook`',
  references: [
    'https://eff-certbot.readthedocs.io/en/stable/using.html#standalone',
    'https://eff-certbot.readthedocs.io/en/stable/using.html#pre-and-post-validation-hooks',
  ],
  unproven: 'The live tests have no certbot and no authority that renews',
  bad: [
    {
      title: 'a server of its own beside nginx',
      files: { ...NGINX, ...renewal('authenticator = «standalone»') },
    },
    {
      title: 'what starts certbot reloads nginx behind it alone',
      files: {
        ...BEHIND,
        ...renewal('authenticator = «standalone»'),
        'etc/cron.d/certbot': '17 */12 * * * root certbot -q renew --deploy-hook "systemctl reload nginx"\n',
      },
    },
    {
      title: 'the hook stops Apache, and nginx has the port',
      files: {
        ...BEHIND,
        ...renewal(conf`
          authenticator = standalone
          pre_hook = «systemctl stop apache2»
          post_hook = systemctl start apache2
        `),
      },
    },
    {
      title: 'the plugin for Apache, which is behind nginx',
      files: { ...BEHIND, ...renewal('authenticator = «apache»') },
    },
    {
      title: 'the plugin for nginx, and Apache has the port',
      files: {
        'etc/nginx/nginx.conf': nginxMain(conf`
          server {
              listen 127.0.0.1:8080;
              server_name example.org;
          }
        `),
        ...apache('80'),
        ...renewal('authenticator = «nginx»'),
      },
    },
    {
      title: 'the plugin for Apache, which is not here any more',
      files: {
        'etc/nginx/nginx.conf': nginxMain(conf`
          server {
              listen 80;
              server_name example.org;
              root /srv/www;
          }
        `),
        ...renewal('authenticator = «apache»'),
      },
    },
  ],
  good: [
    {
      title: 'the plugin for Apache behind nginx, which passes on all of a name',
      files: {
        'etc/nginx/nginx.conf': nginxMain(conf`
          server {
              listen 80;
              server_name example.org;
              location / {
                  proxy_pass http://192.0.2.10;
                  proxy_set_header Host $host;
              }
          }
        `),
        ...renewal('authenticator = apache'),
      },
    },
    {
      title: 'nginx is stopped meanwhile',
      files: {
        ...NGINX,
        ...renewal(conf`
          authenticator = standalone
          pre_hook = systemctl stop nginx
          post_hook = systemctl start nginx
        `),
      },
    },
    {
      title: 'a hook of all certificates, which may do that',
      files: {
        ...NGINX,
        ...renewal('authenticator = standalone'),
        'etc/letsencrypt/renewal-hooks/pre/stop': conf`
          #!/bin/sh
          service nginx stop
        `,
      },
    },
    {
      title: 'a script',
      files: {
        ...NGINX,
        ...renewal(conf`
          authenticator = standalone
          pre_hook = /usr/local/bin/open-port-80
        `),
      },
    },
    {
      title: 'another port, to which nginx proxies the challenge',
      files: {
        ...NGINX,
        ...renewal(conf`
          authenticator = standalone
          http01_port = 8888
        `),
      },
    },
    { title: 'nobody has the port', files: { ...apache('443'), ...renewal('authenticator = standalone') } },
    {
      title: 'the plugin of the server that has it',
      files: { ...BEHIND, ...renewal('authenticator = nginx') },
    },
  ],
  *check(deployment) {
    for (const machine of deployment.machines) {
      const known = renewals(machine.files)
      if (known.length === 0) continue
      const holders = holdersOf(deployment, machine)
      const [holder] = holders
      if (holder === undefined) continue
      for (const { authenticator, authenticatorAt, httpPort, hooks, name } of known) {
        if (authenticatorAt === null || httpPort !== 80) continue
        const related = holders.map(({ at, kind }) => ({ at, message: `${NAMES[kind]} has port 80` }))
        if (authenticator === 'standalone') {
          const pre = hooks.filter(({ when }) => when === 'pre')
          const left = holders.filter(({ kind }) => pre.every(hook => stops(hook, kind) === false))
          const [running] = left
          if (running === undefined || (pre.length === 0 && mayFreePort(machine.files))) continue
          yield {
            at: pre[0]?.at ?? authenticatorAt,
            ...(pre.length === 0 && ({ severity: 'warning', confidence: 'medium' } as const)),
            message: `certbot opens port 80 itself to renew \`${name}\`, and ${NAMES[running.kind]} has it${pre.length === 0 ? '' : ', which this does not stop'}`,
            related,
            help: `Write \`pre_hook = systemctl stop ${SERVICES[running.kind][0]}\` and \`post_hook = systemctl start ${SERVICES[running.kind][0]}\`, or renew by \`webroot\``,
          }
        } else if (
          (authenticator === 'apache' || authenticator === 'nginx') &&
          holder.kind !== authenticator &&
          (isElsewhere(deployment, machine, authenticator) ||
            isGone(deployment, machine, authenticator, name))
        )
          yield {
            at: authenticatorAt,
            message: `certbot answers for \`${name}\` in ${NAMES[authenticator]}, ${hasProgram(deployment, machine, authenticator) ? 'which does not listen on port 80' : 'of which nothing is here'}: ${NAMES[holder.kind]} ${hasProgram(deployment, machine, authenticator) ? 'does' : 'has port 80'}`,
            related,
          }
      }
    }
  },
})

type WebListener = NginxListener | ApacheListener

const NAMES = { nginx: 'nginx', apache: 'Apache' } as const
const SERVICES = { nginx: ['nginx'], apache: ['apache2', 'httpd'] } as const

/** The sockets of a machine on port 80 that clients of the network reach, one of each server. */
function holdersOf({ listeners }: Deployment, machine: Machine): readonly WebListener[] {
  const open = listeners.filter(
    (listener): listener is WebListener => isWeb(listener) && listener.program.machine === machine,
  )
  const at80 = open.filter(
    ({ port, address, loopback }) => port === 80 && address.kind === 'ip' && loopback === false,
  )
  return (['nginx', 'apache'] as const).flatMap(kind => at80.find(each => each.kind === kind) ?? [])
}

function isWeb({ kind }: Listener): boolean {
  return kind === 'nginx' || kind === 'apache'
}

/** False where a hook surely leaves a server running. */
function stops({ command }: RenewalHook, kind: WebListener['kind']): boolean {
  const commands = serviceCommands(command)
  if (commands === null) return true
  return commands.some(
    ({ action, service }) => action === 'stop' && SERVICES[kind].some(name => name === service),
  )
}

function hasProgram({ programs }: Deployment, machine: Machine, kind: WebListener['kind']): boolean {
  return programs.some(program => program.kind === kind && program.machine === machine)
}

/** True where no such server is here, and the one that has port 80 answers the challenge itself. */
function isGone(deployment: Deployment, machine: Machine, kind: WebListener['kind'], name: string): boolean {
  if (hasProgram(deployment, machine, kind)) return false
  const request = clientRequest({ scheme: 'http', host: name, target: PATHS.acmeChallenge, machine })
  const { requests, end } = probeRedirects(deployment, request)
  const answer = requests.at(-1)?.end.kind
  return end.kind === 'answered' && (answer === 'status' || answer === 'file')
}

/** True where a server runs here, all its sockets are known, and none of its sites has port 80. */
function isElsewhere(deployment: Deployment, machine: Machine, kind: WebListener['kind']): boolean {
  const own = deployment.programs.filter(program => program.kind === kind && program.machine === machine)
  if (own.length === 0 || !own.every(({ listensKnown }) => listensKnown)) return false
  if (deployment.listeners.some(({ program, port }) => own.includes(program) && port === 80)) return false
  return (
    kind === 'nginx' ||
    deployment.virtualHosts.every(({ addresses }) =>
      addresses.every(({ known, port }) => known && port !== null && port !== 80),
    )
  )
}
