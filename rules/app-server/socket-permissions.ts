import type { Place } from '../../parsers/text/source.ts'
import type { AppServerProgram, AppServerSocket } from '../../src/deployment/model.ts'
import { programName } from '../../src/deployment/destination-words.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { type Fact, known, valueOrNull } from '../../src/servers/fact.ts'
import { apacheMain } from '../_examples.ts'
import { inRun } from '../_in-run.ts'
import { connectingWorker, isGroupMember, shownAccount, type WorkerAccount } from '../_worker-account.ts'
import { isBelow } from '../../parsers/text/is-below.ts'

const nginx = conf`
  user www-data;
  events {
  }
  http {
      server {
          listen 80;
          server_name example.org;
          location / {
              include uwsgi_params;
              uwsgi_pass unix:/run/shop/shop.sock;
          }
      }
  }
`
const GROUPS = conf`
  www-data:x:33:
  shop:x:1001:
`
const uwsgi = (lines: string, start = ''): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginx,
  'etc/uwsgi/apps-enabled/shop.ini': conf`
    [uwsgi]
    module = shop.wsgi
    socket = ${start || '/run/shop/shop.sock'}
    ${lines}
  `,
})
/** The server in a file that the main file of a package includes. */
const ofPackage = (path: string, socket: string): Record<string, string> => {
  const { 'etc/nginx/nginx.conf': main = '', ...files } = uwsgi('uid = shop\ngid = shop', socket)
  return { ...files, [path]: main.slice(main.indexOf('server {'), main.lastIndexOf('}')) }
}
const gunicorn = (options: string, unit = ''): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginx
    .replace('include uwsgi_params;', '')
    .replace('uwsgi_pass ', 'proxy_pass http://'),
  'etc/systemd/system/shop.service': conf`
    [Service]
    User=shop
    Group=shop
    WorkingDirectory=/etc/shop
    ${unit}
    ExecStart=/usr/bin/gunicorn --bind ${options} shop.wsgi
  `,
})
/** Apache as `www-data` in front of a socket that a unit opens as `shop`. */
const apache = (pass: string, unit: string, group = 'shop'): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      User www-data
      Group www-data
      Listen 80
      <VirtualHost *:80>
          ServerName example.org
          ProxyPass / ${pass}
      </VirtualHost>
    `,
    ['proxy', 'proxy_http', 'proxy_uwsgi'],
  ),
  'etc/systemd/system/shop.service': conf`
    [Service]
    User=shop
    Group=${group}
    WorkingDirectory=/etc/shop
    RuntimeDirectory=shop
    ${unit}
  `,
  'etc/group': GROUPS,
})
const apacheToUwsgi = (lines: string, socket: string, group?: string): Record<string, string> => ({
  ...apache(
    'unix:/run/shop/shop.sock|uwsgi://shop/',
    'ExecStart=/usr/bin/uwsgi --ini /etc/shop/uwsgi.ini',
    group,
  ),
  'etc/shop/uwsgi.ini': conf`
    [uwsgi]
    module = shop.wsgi
    socket = ${socket}
    ${lines}
  `,
})
const apacheToGunicorn = (umask: string, bind = 'unix:/run/shop/shop.sock'): Record<string, string> =>
  apache(
    'unix:/run/shop/shop.sock|http://localhost/',
    `ExecStart=/usr/bin/gunicorn --bind ${bind} ${umask} shop.wsgi`,
  )

const runtimeDirectory = (group: string, mode: string): Record<string, string> => ({
  ...gunicorn('unix:/run/shop/shop.sock'),
  'etc/systemd/system/shop.service': conf`
    [Service]
    User=shop
    ${group}
    RuntimeDirectory=shop
    ${mode}
    WorkingDirectory=/etc/shop
    ExecStart=/usr/bin/gunicorn --bind unix:/run/shop/shop.sock shop.wsgi
  `,
})

export default defineRule({
  summary: 'nginx or Apache may not open the socket of the application server',
  severity: 'error',
  otherSeverities: { info: 'where nobody knows of what groups the server is a member' },
  confidence: 'high',
  since: '0.1.0',
  why: 'To connect to a Unix socket, the worker processes of nginx or Apache need the right to write to it. uWSGI makes its socket with the umask that it is started with, which leaves it to its owner; others do as soon as a umask or mode is set. nginx answers each request with 502 Bad Gateway, `connect() to unix:… failed (13: Permission denied)`, and Apache with 503, `AH02454: … attempt to connect to Unix domain socket … failed`.',
  remedy:
    'Give the socket to the group of the web server with mode 660, or open it to every user of the machine',
  references: [
    'https://uwsgi-docs.readthedocs.io/en/latest/Options.html#chmod-socket',
    'https://www.freedesktop.org/software/systemd/man/latest/systemd.socket.html#SocketMode=',
    'https://docs.gunicorn.org/en/stable/settings.html#umask',
  ],
  bad: [
    {
      title: 'uWSGI as another user, without chmod-socket',
      files: uwsgi('uid = shop\ngid = shop', '«/run/shop/shop.sock»'),
    },
    {
      title: "a site of Debian's nginx, whose main file is not here",
      files: ofPackage('etc/nginx/sites-enabled/shop', '«/run/shop/shop.sock»'),
    },
    {
      title: 'uWSGI with a mode for its own group',
      files: {
        ...uwsgi('uid = shop\ngid = shop\nchmod-socket = 660', '«/run/shop/shop.sock»'),
        'etc/group': GROUPS,
      },
    },
    {
      title: 'gunicorn with a umask that closes it to others',
      files: { ...gunicorn('«unix:/run/shop/shop.sock» --umask 007'), 'etc/group': GROUPS },
    },
    {
      title: 'uWSGI behind Apache, with a mode for its own group',
      files: apacheToUwsgi('chmod-socket = 660', '«/run/shop/shop.sock»'),
    },
    {
      title: 'the group of Apache, which uWSGI may not take: the unit starts it as another user',
      files: apacheToUwsgi(
        conf`
          chmod-socket = 660
          gid = www-data
        `,
        '«/run/shop/shop.sock»',
      ),
    },
    {
      title: 'gunicorn behind Apache, with a umask that closes it to others',
      files: apacheToGunicorn('--umask 007', '«unix:/run/shop/shop.sock»'),
    },
    {
      title: 'a directory that is closed to others',
      files: runtimeDirectory('Group=shop', 'RuntimeDirectoryMode=«0700»'),
    },
    {
      title: 'a socket unit that closes it to others',
      files: {
        ...gunicorn('unix:/run/shop/shop.sock'),
        'etc/systemd/system/shop.socket': conf`
          [Socket]
          ListenStream=«/run/shop/shop.sock»
          SocketUser=shop
          SocketMode=0600
        `,
      },
    },
    {
      title: 'a umask that leaves it to a group, of which the user of nginx may be a member',
      files: gunicorn('«unix:/run/shop/shop.sock» --umask 007'),
    },
  ],
  good: [
    {
      title: 'a directory that several packages of nginx have, with users of their own',
      files: ofPackage('etc/nginx/conf.d/shop.conf', '/run/shop/shop.sock'),
    },
    {
      title: 'gunicorn behind Apache, which takes no rights away by itself',
      files: apacheToGunicorn(''),
    },
    {
      title: 'uWSGI behind Apache, for the group of Apache',
      files: apacheToUwsgi('chmod-socket = 660', '/run/shop/shop.sock', 'www-data'),
    },
    {
      title: 'a directory for the group of nginx',
      files: runtimeDirectory('Group=www-data', 'RuntimeDirectoryMode=0750'),
    },
    { title: 'uWSGI as the user of nginx', files: uwsgi('uid = www-data\ngid = www-data') },
    { title: 'the group of nginx', files: uwsgi('uid = shop\ngid = www-data\nchmod-socket = 660') },
    {
      title: 'another owner for the socket alone',
      files: uwsgi('uid = shop\ngid = shop\nchown-socket = www-data:www-data'),
    },
    { title: 'open to all', files: uwsgi('uid = shop\nchmod-socket = 666') },
    { title: 'an account that nobody says', files: uwsgi('') },
    { title: 'gunicorn, which takes no rights away by itself', files: gunicorn('unix:/run/shop/shop.sock') },
    {
      title: 'a socket unit for the user of nginx',
      files: {
        ...gunicorn('unix:/run/shop/shop.sock'),
        'etc/systemd/system/shop.socket': conf`
          [Socket]
          ListenStream=/run/shop/shop.sock
          SocketUser=www-data
          SocketMode=0600
        `,
      },
    },
  ],
  *check({ connections }) {
    for (const connection of connections.all) {
      for (const { to, address, at: place } of connection.targets) {
        if (to.kind !== 'listener' || to.listener.program.kind !== 'app-server' || address.kind !== 'unix')
          continue
        const { program, at } = to.listener
        const socket = program.sockets.find(each => each.at === at)
        const { name: server, user, status } = connectingWorker(connection)
        if (user === null) continue
        const closed = closedDirectory(program, address.path, user)
        if (closed !== null) {
          yield {
            at: closed.at,
            ...(user.isOfPackage && { confidence: 'medium' as const }),
            message: `\`${closed.path}\` is ${closed.owner}:${closed.group} with mode ${closed.mode.toString(8)}, and ${server} runs as ${shownAccount(user)}, so every request is answered with ${status}`,
            label: `${server} may not enter it`,
            related: [{ at: place, message: `${server} connects here` }],
            help: `Write \`RuntimeDirectoryMode=0755\`, or start ${programName(program)} with \`Group=${user.group}\` and \`RuntimeDirectoryMode=0750\``,
          }
          continue
        }
        const rights = socket === undefined ? null : rightsOf(program, socket)
        const right = rights === null || may(WRITE, program, rights, user)
        if (rights === null || right === true) continue
        const { owner, group, mode } = rights
        const isOfGroup = right === 'of its group'
        yield {
          at,
          ...(user.isOfPackage && { confidence: 'medium' as const }),
          ...(isOfGroup && { severity: 'info' as const, confidence: 'low' as const }),
          message: `the socket is ${owner}:${group} with mode ${mode.toString(8)}, and ${server} runs as ${shownAccount(user)}, so every request is answered with ${status}${isOfGroup ? ` unless \`${user.name}\` is a member of \`${group}\`` : ''}`,
          label: isOfGroup ? 'for members of its group' : `${server} may not write to it`,
          related: [
            { at: place, message: `${server} connects here` },
            ...(socket?.unit?.mode?.at == null ? [] : [{ at: socket.unit.mode.at, message: 'its mode' }]),
            ...(user.at === null ? [] : [{ at: user.at, message: `the user of ${server}` }]),
          ],
          help: helpFor(program, socket?.unit != null, user),
        }
      }
    }
  },
})

interface ClosedDirectory extends Rights {
  readonly path: string
  readonly at: Place
}

/** The directory that systemd makes for the unit, where its mode keeps the web server out; null where it does not. */
function closedDirectory(
  program: AppServerProgram,
  socket: string,
  user: WorkerAccount,
): ClosedDirectory | null {
  const { service, machine } = program
  const mode = service?.runtimeDirectoryMode
  if (service === null || machine.container !== null || mode?.known !== true || mode.at === null) return null
  const path = inRun(socket)
  const made = service.runtimeDirectories.find(each => each.known && isBelow(path, each.value))
  const rights = whole(service.user ?? known('root'), service.group, mode)
  if (made?.known !== true || rights === null || may(ENTER, program, rights, user) !== false) return null
  return { ...rights, path: made.value, at: mode.at }
}

function helpFor(program: AppServerProgram, isUnit: boolean, user: WorkerAccount): string {
  if (isUnit) return `Write \`SocketUser=${user.name}\` in the socket unit`
  if (program.server.program === 'uwsgi')
    return `Write \`chown-socket = ${user.name}:${user.group}\` and \`chmod-socket = 660\``
  return `Start ${programName(program)} with \`Group=${user.group}\`, or with a umask that leaves the socket to others`
}

interface Rights {
  readonly owner: string
  readonly group: string
  readonly mode: number
}

/** Owner, group and mode that a socket surely has; null where one is not known. */
function rightsOf({ server, service, machine }: AppServerProgram, { unit }: AppServerSocket): Rights | null {
  if (machine.container !== null) return null
  if (unit !== null) return whole(unit.user ?? known('root'), unit.group, unit.mode ?? known(0o666))
  if (!server.complete) return null
  const mask = server.umask ?? service?.umask ?? known(0o022)
  // Who is not root takes no other group.
  const isBound = service?.user?.known === true && service.user.value !== 'root' && service.group !== null
  const group = (isBound ? null : server.group) ?? service?.group ?? null
  switch (server.program) {
    case 'uwsgi': {
      const [owner, ownerGroup] = valueOrNull(server.socketOwner ?? known(''))?.split(':') ?? []
      if (server.socketOwner !== null && !server.socketOwner.known) return null
      if (owner !== undefined && owner !== '')
        return whole(
          known(owner),
          ownerGroup === undefined ? group : known(ownerGroup),
          modeOf(server.socketMode, mask),
        )
      return server.user === null ? null : whole(server.user, group, modeOf(server.socketMode, mask))
    }
    case 'gunicorn': {
      // gunicorn's own umask is 0, whatever the unit says, and its user holds for the socket, too.
      const user = server.user
      return user === null ? null : whole(user, group, modeOf(null, server.umask ?? known(0)))
    }
    default:
      return null
  }
}

function modeOf(mode: Fact<number> | null, mask: Fact<number>): Fact<number> {
  if (mode !== null) return mode
  return mask.known ? known(0o777 & ~mask.value) : mask
}

function whole(owner: Fact<string>, group: Fact<string> | null, mode: Fact<number>): Rights | null {
  if (!owner.known || !mode.known || group?.known === false) return null
  // A user's own group is called after it, where nothing else is said.
  return { owner: owner.value, group: group?.value ?? owner.value, mode: mode.value }
}

/** What a right is among those of everybody; those of the group and of the owner are three bits and six above it. */
const ENTER = 0o1
const WRITE = 0o2

/** `of its group` where the groups of a user are not known, and one of them decides. */
function may(
  right: number,
  { machine }: AppServerProgram,
  { owner, group, mode }: Rights,
  user: WorkerAccount,
): boolean | 'of its group' {
  if (user.name === 'root' || (mode & right) !== 0) return true
  if (owner === user.name) return (mode & (right << 6)) !== 0
  if ((mode & (right << 3)) === 0) return false
  return group === user.group || (isGroupMember(machine, user.name, group) ?? 'of its group')
}
