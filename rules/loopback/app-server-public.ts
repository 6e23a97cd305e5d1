import { placeText } from '../../parsers/text/source.ts'
import { programName } from '../../src/deployment/destination-words.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { formatEndpoint, isLoopback } from '../../src/servers/address.ts'
import { valueOrNull } from '../../src/servers/fact.ts'
import { nginxMain, proxiedServer } from '../_examples.ts'
import { behindNginx, serviceUnit, WSGI } from '../app-server/_examples.ts'

const PROJECT = {
  'etc/shop/shop/__init__.py': '',
  'etc/shop/shop/wsgi.py': WSGI,
  'etc/shop/shop/settings.py': 'ALLOWED_HOSTS = ["*"]\n',
}
const gunicorn = (bind: string, backend?: string): Record<string, string> =>
  behindNginx(serviceUnit(`/usr/bin/gunicorn --bind ${bind} shop.wsgi`), PROJECT, backend)

const gitlab = (port: string, lines = ''): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(proxiedServer('', '127.0.0.1:8081')),
  'etc/gitlab/gitlab.rb': conf`
    external_url 'https://example.org'
    nginx['listen_port'] = ${port}
    nginx['listen_https'] = false
    ${lines}
  `,
})

export default defineRule({
  summary: 'The application server answers the whole network, not only nginx',
  severity: 'warning',
  confidence: 'high',
  securitySeverity: 6.5,
  cwe: [1327],
  since: '0.1.0',
  why: 'Whoever reaches gunicorn, uvicorn or uWSGI directly bypasses nginx: no TLS, no access rules, no limits, and forwarded headers can be forged. A client that speaks uwsgi may name the file that uWSGI is to run.',
  remedy: 'Bind it to loopback, `--bind 127.0.0.1:8000`, or to a Unix socket',
  references: [
    'https://docs.gunicorn.org/en/stable/deploy.html',
    'https://uwsgi-docs.readthedocs.io/en/latest/Nginx.html',
  ],
  bad: [
    { title: 'gunicorn', files: gunicorn('«0.0.0.0:8000»') },
    {
      title: 'uvicorn',
      files: behindNginx(serviceUnit('/usr/bin/uvicorn --host 0.0.0.0 --port «8000» main:app'), {
        'etc/shop/main.py': conf`
          from fastapi import FastAPI
          app = FastAPI()
        `,
      }),
    },
    { title: 'the nginx of GitLab', files: gitlab('«8081»') },
  ],
  good: [
    { title: 'on loopback', files: gunicorn('127.0.0.1:8000') },
    {
      title: 'the nginx of GitLab on loopback',
      files: gitlab('8081', "nginx['listen_addresses'] = ['127.0.0.1']"),
    },
    {
      title: 'nginx connects to the address of the network',
      files: gunicorn('0.0.0.0:8000', '192.0.2.4:8000'),
    },
    {
      title: 'the script that installs it opens the port',
      files: {
        ...gunicorn('0.0.0.0:8000'),
        'bin/install.sh': 'sudo ufw allow 8000 comment "shop HTTP"\n',
      },
    },
    {
      title: 'public on purpose',
      files: {
        ...gunicorn('0.0.0.0:8000'),
        '.auditrc': '{"facts": {"publicListeners": ["8000"]}}',
      },
    },
    {
      title: 'the development server',
      files: behindNginx(serviceUnit('/usr/bin/python3 manage.py runserver 0.0.0.0:8000'), PROJECT),
    },
  ],
  *check(deployment) {
    const { connections, facts } = deployment
    for (const listener of deployment.listeners) {
      const { address, port, program, at } = listener
      if (program.kind !== 'app-server' || address.kind !== 'ip' || !address.wildcard || port === null)
        continue
      const { server, machine, isSeen } = program
      if (!isSeen || server.development || server.program === 'node' || machine.container !== null) continue
      if (facts.publicListeners.some(each => each === `${port}` || each === formatEndpoint(listener)))
        continue
      // Past the proxy it is as closed to others as through it.
      if (server.program === 'gitlab' && valueOrNull(listener.protocol) !== 'http') continue
      const reaching = connections.to(listener)
      const [first] = reaching
      const isOwn = reaching.every(
        ({ from, targets }) =>
          from.machine === machine &&
          targets.every(target => target.addresses.every(each => isLoopback(each) === true)),
      )
      if (first === undefined || !isOwn || isOpened(deployment, port)) continue
      const front = 'server' in first ? 'nginx' : 'Apache'
      const written = placeText(at)
      yield {
        at,
        message: `${programName(program)} listens on port ${port} of every address, though only ${front} on this machine connects to it`,
        label: `reachable past ${front}`,
        ...(server.program === 'gitlab' && {
          help: "Write `nginx['listen_addresses'] = ['127.0.0.1']` in `gitlab.rb`",
        }),
        related: first.targets
          .slice(0, 1)
          .map(target => ({ at: target.at, message: `${front} connects here` })),
        ...(written.includes('0.0.0.0') &&
          propose('Listen on loopback alone', 'unsafe', [
            replacePlace(at, written.replace('0.0.0.0', '127.0.0.1')),
          ])),
      }
    }
  },
})

/** True where a script of the repository opens the port in the firewall: other clients are meant to connect. */
function isOpened({ setups }: Deployment, port: number): boolean {
  const opens = new RegExp(
    String.raw`\bufw\s+(?:--\S+\s+)*allow\b[^\n#;&|]*?\b${port}\b|--add-port[= ]${port}/tcp|--dport[= ]${port}\b[^\n;&|]*-j\s+ACCEPT`,
  )
  return (setups() ?? []).some(({ text }) => opens.test(text))
}
