import { programName } from '../../src/deployment/destination-words.ts'
import type { AppServerProgram } from '../../src/deployment/model.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { isOpenToAll } from '../_privileged-ports.ts'
import { behindNginx, serviceUnit } from './_examples.ts'

const tree = (port: string, lines = '', files: Record<string, string> = {}): Record<string, string> =>
  behindNginx(
    serviceUnit(`/usr/bin/gunicorn --bind ${port} shop.wsgi:application`, lines),
    files,
    '127.0.0.1:81',
  )

export default defineRule({
  summary: 'An application server opens a port that its user may not open',
  severity: 'error',
  otherSeverities: { warning: 'of Node.js, whose program may have been given the right' },
  confidence: 'high',
  since: '0.1.0',
  why: 'Ports below 1024 belong to root. A service with `User=` may not open them: `Permission denied`, `listen EACCES: permission denied 0.0.0.0:80`, and it stops.',
  remedy: 'Listen on a port from 1024 on behind nginx, or write `AmbientCapabilities=CAP_NET_BIND_SERVICE`',
  references: [
    'https://man7.org/linux/man-pages/man7/ip.7.html',
    'https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#AmbientCapabilities=',
  ],
  bad: [{ title: 'port 81', files: tree('«127.0.0.1:81»') }],
  good: [
    {
      title: 'a port of its own',
      files: behindNginx(
        serviceUnit('/usr/bin/gunicorn --bind 127.0.0.1:8081 shop.wsgi:application'),
        {},
        '127.0.0.1:8081',
      ),
    },
    { title: 'the capability', files: tree('127.0.0.1:81', 'AmbientCapabilities=CAP_NET_BIND_SERVICE') },
    {
      title: 'a kernel that lets every user open it',
      files: tree('127.0.0.1:81', '', {
        'etc/sysctl.d/ports.conf': 'net.ipv4.ip_unprivileged_port_start = 80\n',
      }),
    },
    { title: 'a service of root', files: tree('127.0.0.1:81', 'User=root') },
    {
      title: 'a socket of systemd',
      files: tree('127.0.0.1:81', '', {
        'etc/systemd/system/shop.socket': '[Socket]\nListenStream=127.0.0.1:81\n',
      }),
    },
  ],
  *check({ programs }) {
    for (const program of programsOfKind({ programs }, 'app-server')) {
      const { machine, service, by, server } = program
      const user = service?.user ?? (by === 'supervisord' ? server.user : null)
      if (
        machine.container !== null ||
        by === null ||
        user?.known !== true ||
        /^(?:root|0|)$/.test(user.value)
      )
        continue
      if (hasCapability(program) || isOpenToAll(machine)) continue
      for (const { endpoint, at, unit } of program.sockets) {
        if (unit !== null || !endpoint.known || endpoint.value.port === null) continue
        const { port } = endpoint.value
        if (port < 1 || port >= 1024) continue
        yield {
          at,
          ...(server.program === 'node' && { severity: 'warning' as const, confidence: 'medium' as const }),
          message: `${programName(program)} runs as \`${user.value}\`, which may not open port ${port}: Permission denied`,
          label: 'a port of root',
          related: user.at === null ? [] : [{ at: user.at, message: 'the user of the service' }],
        }
      }
    }
  },
})

/** True where the unit gives a right, or a wrapper in front of the server may. */
function hasCapability({ service, server }: AppServerProgram): boolean {
  if (service === null) return false
  const names = ['AmbientCapabilities', 'PrivateUsers', 'PermissionsStartOnly', 'SecureBits']
  if (service.unit.settings.some(({ name }) => names.includes(name))) return true
  const words = service.start.flatMap(({ words }) => words.map(({ text }) => text))
  // `+` and `!` in front of a command leave it root's.
  return (
    service.start.some(({ prefix }) => /[+!]/.test(prefix)) ||
    words.some(text => /authbind|capsh|setpriv|sudo/.test(text)) ||
    server.user?.known === false
  )
}
