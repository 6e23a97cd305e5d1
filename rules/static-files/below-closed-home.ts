import { posix } from 'node:path'
import { memo } from '../../parsers/collections/memo.ts'
import { once } from '../../parsers/collections/once.ts'
import { cleanPath } from '../../parsers/text/clean-path.ts'
import { isBelow } from '../../parsers/text/is-below.ts'
import { isUnknownWord, matchedPlace, type Place, type Source } from '../../parsers/text/source.ts'
import { placeOf } from '../../parsers/text/written-text.ts'
import type { Deployment, Machine } from '../../src/deployment/model.ts'
import { type FollowedCommand, inDirectory } from '../../src/deployment/setups/followed-commands.ts'
import { type ClosedHome, closedHomes } from '../../src/deployment/setups/made-homes.ts'
import { moduleCalls } from '../../src/deployment/setups/module-calls.ts'
import { setupCommands } from '../../src/deployment/setups/setup-commands.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { sourceAt } from '../../src/files/file-system.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { apacheUser, isGroupMember, nginxUser, type WorkerAccount } from '../_worker-account.ts'
import { isOpenToOthers } from '../_open-to-others.ts'
import { pathsOfApache, pathsOfNginx } from './_served-paths.ts'

const SITE = nginxServer(conf`
  location /static/ {
      alias «/home/shop/site/static/»;
  }
`)
const VAGRANT = conf`
  Vagrant.configure("2") do |config|
    config.vm.box = "ubuntu/jammy64"
    config.vm.provision "shell", path: "setup.sh"
  end
`
const vagrant = (script: string, { site = SITE, box = 'ubuntu/jammy64' } = {}): Record<string, string> => ({
  Vagrantfile: VAGRANT.replace('ubuntu/jammy64', box),
  'setup.sh': script,
  'nginx/site.conf': site,
})
const ADDUSER = conf`
  apt-get install -y nginx
  adduser --disabled-password --gecos "" shop
  rsync -a --chmod=D755,F644 /vagrant/ /home/shop/site/
  chown -R shop:shop /home/shop/site
`
const tree = (group: string, mode = '0750', more: Record<string, string> = {}): Record<string, string> => ({
  'etc/nginx/nginx.conf': `user www-data;\n${nginxMain(SITE)}`,
  'etc/adduser.conf': conf`
    DSHELL=/bin/bash
    DIR_MODE=${mode}
  `,
  'etc/passwd': conf`
    root:x:0:0:root:/root:/bin/bash
    www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin
    shop:x:1001:1001:,,,:/home/shop:/bin/bash
  `,
  'etc/group': conf`
    www-data:x:33:
    shop:x:1001:${group}
  `,
  ...more,
})
const plain = (files: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(files).map(([path, text]) => [path, text.replaceAll(/[«»]/g, '')]))

export default defineRule({
  summary: 'What is served lies in a home directory that is closed to the server',
  severity: 'warning',
  otherSeverities: {
    info: 'where nothing but `adduser.conf` or `login.defs` tells how home directories are made',
  },
  confidence: 'medium',
  since: '0.1.0',
  why: 'Ubuntu makes home directories with mode 0750 since 21.04, the `adduser` of Debian with 0700 since 12, and `useradd` of Red Hat and its like always did. The workers of nginx and Apache run as another account and may not go through it, whatever the modes of the files below: `open() "/home/…" failed (13: Permission denied)`, 403 for files, 502 for a socket.',
  remedy:
    'Serve from `/srv` or `/var/www`, or open the way: `chmod o+x /home/shop`, `usermod -aG shop www-data`',
  references: [
    'https://discourse.ubuntu.com/t/private-home-directories-for-ubuntu-21-04-onwards/19533',
    'https://manpages.debian.org/bookworm/adduser/adduser.conf.5.en.html',
  ],
  unproven: 'No distribution’s `adduser` runs in the live tests',
  bad: [
    { title: 'a box of Ubuntu 22.04', files: vagrant(ADDUSER) },
    {
      title: 'useradd -m, on a release that the script names',
      files: {
        ...vagrant(`# Ubuntu 24.04\nsudo apt-get install -y nginx\nsudo useradd -m -s /bin/bash shop\n`),
        Vagrantfile: '',
      },
    },
    {
      title: 'a socket, on Rocky Linux',
      files: {
        'setup.sh': 'dnf install -y nginx\nuseradd shop\n',
        'nginx/site.conf': nginxServer(conf`
          location / {
              proxy_pass «http://unix:/home/shop/shop.sock»;
          }
        `),
      },
    },
    {
      title: 'Apache on Debian 12',
      files: {
        Vagrantfile: VAGRANT.replace('ubuntu/jammy64', 'debian/bookworm64'),
        'setup.sh': ADDUSER,
        'apache/site.conf': conf`
          <VirtualHost *:80>
              ServerName example.org
              DocumentRoot «/home/shop/site/public»
          </VirtualHost>
        `,
      },
    },
    { title: 'the files of a machine', files: tree('') },
    {
      title: 'the files of a machine of Red Hat',
      files: { ...tree('www-data'), 'etc/adduser.conf': '', 'etc/login.defs': 'HOME_MODE\t0700\n' },
    },
  ],
  good: [
    { title: 'opened', files: plain(vagrant(`${ADDUSER}chmod 755 /home/shop\n`)) },
    { title: 'opened by a mode of letters', files: plain(vagrant(`${ADDUSER}chmod o+x ~shop\n`)) },
    { title: 'opened by a list', files: plain(vagrant(`${ADDUSER}setfacl -m u:www-data:x /home/shop\n`)) },
    { title: 'a member of the group', files: plain(vagrant(`${ADDUSER}usermod -aG shop www-data\n`)) },
    { title: 'a member by adduser', files: plain(vagrant(`${ADDUSER}adduser www-data shop\n`)) },
    { title: 'a member by gpasswd', files: plain(vagrant(`${ADDUSER}gpasswd -a www-data shop\n`)) },
    { title: 'the group of nginx', files: plain(vagrant(`${ADDUSER}chown shop:www-data /home/shop\n`)) },
    {
      title: 'a user in the group of nginx',
      files: plain(vagrant('apt-get install -y nginx\nuseradd -m -g www-data shop\n')),
    },
    {
      title: 'a directory that is there before',
      files: plain(vagrant(`mkdir -p /home/shop/site\n${ADDUSER}`)),
    },
    {
      title: 'another mode for homes',
      files: plain(vagrant(`sed -i 's/^DIR_MODE=.*/DIR_MODE=0755/' /etc/adduser.conf\n${ADDUSER}`)),
    },
    {
      title: 'nginx runs as the user',
      files: plain(vagrant(`${ADDUSER}sed -i 's/^user .*/user shop;/' /etc/nginx/nginx.conf\n`)),
    },
    { title: 'an older Ubuntu', files: plain(vagrant(ADDUSER, { box: 'ubuntu/focal64' })) },
    { title: 'a box that nobody knows', files: plain(vagrant(ADDUSER, { box: 'example/box' })) },
    {
      title: 'useradd of Debian',
      files: plain(vagrant('useradd -m shop\n', { box: 'debian/bookworm64' })),
    },
    { title: 'a user of the system', files: plain(vagrant('useradd --system -m shop\n')) },
    { title: 'a user without a home', files: plain(vagrant('useradd shop\n')) },
    {
      title: 'another directory',
      files: vagrant(ADDUSER, { site: nginxServer('root /srv/shop/public;') }),
    },
    { title: 'a machine whose nginx is of the group', files: plain(tree('www-data')) },
    {
      title: 'a running machine on which it was opened',
      files: plain(tree('', '0750', { 'home/shop/': '', 'proc/': '' })),
      modes: { 'home/shop/': 0o755 },
    },
    { title: 'a machine that leaves homes open', files: plain(tree('', '0755')) },
    {
      title: 'a machine whose nginx is the user',
      files: plain({ ...tree(''), 'etc/nginx/nginx.conf': `user shop;\n${nginxMain(SITE)}` }),
    },
  ],
  *check(deployment) {
    const made = once(() => madeHomes(deployment))
    for (const program of deployment.programs) {
      const { machine } = program
      if ((program.kind !== 'nginx' && program.kind !== 'apache') || machine.container !== null) continue
      const isNginx = program.kind === 'nginx'
      const paths = isNginx ? pathsOfNginx(program.configuration) : pathsOfApache(program.configuration)
      const user = isNginx ? nginxUser(program.configuration) : apacheUser(program.configuration)
      for (const { path, at } of paths) {
        const home = path.startsWith('/') ? homeAbove(cleanPath(path), made(), machine, user) : null
        if (home === null || mayEnter(user, home)) continue
        yield {
          at,
          ...(home.isSupposed && { severity: 'info' as const, confidence: 'low' as const }),
          message: home.isSupposed
            ? `new home directories have mode ${home.mode} here, so that \`${user?.name ?? ''}\` may not enter \`${home.path}\` unless its mode was changed: failed (13: Permission denied)`
            : `${home.by} makes \`${home.path}\` with mode ${home.mode}, and ${user === null ? `the workers of ${isNginx ? 'nginx' : 'Apache'}` : `\`${user.name}\``} may not enter it: failed (13: Permission denied)`,
          label: `below a home directory of mode ${home.mode}`,
          related: [{ at: home.at, message: home.isSupposed ? 'the mode of new ones' : 'made here' }],
          help:
            home.mode === '0750'
              ? `Run \`usermod -aG ${home.user} ${user?.name ?? 'www-data'}\` and restart the server, or \`chmod o+x ${home.path}\``
              : `Run \`chmod o+x ${home.path}\`, or serve from \`/srv\``,
        }
      }
    }
  },
})

interface Home extends Omit<ClosedHome, 'by'> {
  readonly by: string
  /** True where the settings of the machine alone say how it was made. */
  readonly isSupposed: boolean
}

/** Those that scripts make and that nothing of the repository opens, by their paths. */
function madeHomes(deployment: Deployment): ReadonlyMap<string, ClosedHome> {
  const texts = (deployment.setups() ?? []).filter(({ path }) => !OF_IMAGES.test(path))
  const homes = closedHomes(texts).filter(
    home => !runsAs(deployment, home.user) && !texts.some(text => mayOpen(text, home)),
  )
  return new Map(homes.map(home => [home.path, home]))
}

const OF_IMAGES = /(?:^|\/)(?:Dockerfile[^/]*|[^/]*compose[^/]*\.ya?ml)$/

/** The nearest of them at or above a path. */
function homeAbove(
  path: string,
  made: ReadonlyMap<string, ClosedHome>,
  machine: Machine,
  user: WorkerAccount | null,
): Home | null {
  const listed = user === null ? null : closedOn(machine)
  if (made.size === 0 && listed === null) return null
  for (let directory = path; directory.length > 1; directory = posix.dirname(directory)) {
    const home = made.get(directory)
    if (home !== undefined) return { ...home, isSupposed: false }
    const name = listed?.users.get(directory)
    if (listed === null || name === undefined) continue
    const isOfGroup = listed.mode !== '0700' && isGroupMember(machine, user?.name ?? '', name) !== false
    if (isOfGroup || isOpenToOthers(machine.files, directory) === true) return null
    return { path: directory, user: name, mode: listed.mode, by: '', at: listed.at, isSupposed: true }
  }
  return null
}

function mayEnter(user: WorkerAccount | null, home: Home): boolean {
  if (user === null) return false
  return user.name === 'root' || user.name === home.user || (home.mode === '0750' && user.group === home.user)
}

interface ClosedHomes {
  readonly mode: string
  readonly at: Place
  /** The users of `etc/passwd`, by their homes. */
  readonly users: ReadonlyMap<string, string>
}

/** The homes of a machine that makes them for their owners; null where it does not, or nobody knows. */
const closedOn = memo(({ files }: Machine): ClosedHomes | null => {
  const passwd = sourceAt(files, '/etc/passwd')
  if (passwd === null || sourceAt(files, '/etc/group') === null) return null
  const adduser = settingIn(sourceAt(files, '/etc/adduser.conf'), /^DIR_MODE=["']?0?([0-7]{3})\b/m)
  const login = settingIn(sourceAt(files, '/etc/login.defs'), /^HOME_MODE[ \t]+0?([0-7]{3})\b/m)
  const setting = adduser ?? login
  if (setting === null || !/^7[0-7]0$/.test(setting.mode)) return null
  const users = [...passwd.text.matchAll(/^([^:\n]+):[^:\n]*:(\d+):[^:\n]*:[^:\n]*:(\/home\/[^:\n]+):/gm)]
  return {
    mode: `0${setting.mode}`,
    at: setting.at,
    users: new Map(
      users.flatMap(([, name = '', id, home = '']) =>
        Number(id) >= FIRST_USER ? [[cleanPath(home), name] as const] : [],
      ),
    ),
  }
})

/** Those below it are accounts of programs, whose directories packages make. */
const FIRST_USER = 1000

function settingIn(
  source: Source | null,
  pattern: RegExp,
): { readonly mode: string; readonly at: Place } | null {
  const match = source === null ? null : pattern.exec(source.text)
  if (source === null || match === null) return null
  return { mode: match[1] ?? '', at: matchedPlace(source, match) }
}

/** True where a server of the repository runs as the user, or may. */
function runsAs({ nginx }: Deployment, user: string): boolean {
  return nginx.some(({ occurrences }) =>
    occurrences.get('user')?.some(({ args }) => {
      const name = args[0]?.value ?? ''
      return name === user || name === 'root' || !/^[\w.-]+$/.test(name)
    }),
  )
}

const CHANGES =
  /\b(?:chmod|chown|chgrp|setfacl|usermod|gpasswd|adduser|addgroup|useradd|install|mkdir|rsync|cp|clone|mode|owner|user)\b|(?:HOME|DIR)_MODE|APACHE_RUN_USER/i

/** True for a text that opens the home, or may. */
function mayOpen(source: Source, home: ClosedHome): boolean {
  const { text } = source
  if (!CHANGES.test(text)) return false
  if (/(?:HOME|DIR)_MODE|APACHE_RUN_USER/i.test(text)) return true
  if (new RegExp(`\\b[Uu]ser[ \\t]+["']?(?:${home.user}|root|\\$|\\{\\{)`).test(text)) return true
  if (source.path.endsWith('Vagrantfile') && text.includes(home.path)) return true
  const isTask = moduleCalls(source).some(({ options }) => {
    const path = (options.get('path') ?? options.get('dest') ?? options.get('name'))?.text.text ?? ''
    return isUnknownWord(path) || cleanPath(path) === home.path
  })
  return isTask || setupCommands(source).some(command => opens(command, source, home))
}

const OF_SERVERS = /^(?:www-data|nginx|apache|http|nobody|caddy)$/

function opens(command: FollowedCommand, source: Source, home: ClosedHome): boolean {
  const [word, ...args] = command.words
  const texts = args.map(({ text }) => text)
  const program = posix.basename(word?.text ?? '')
  if (/^(?:usermod|gpasswd|adduser|addgroup|useradd)$/.test(program)) {
    const isServer = (text: string | undefined): boolean =>
      text !== undefined && (OF_SERVERS.test(text) || isUnknownWord(text))
    const isOfHome = texts.some(text => text.split(/[=,]/).includes(home.user) || isUnknownWord(text))
    // `usermod -aG www-data shop` changes `shop`.
    return isOfHome && (program === 'usermod' ? isServer(texts.at(-1)) : texts.some(isServer))
  }
  const reach = texts.map(text => reachOf(text, command.directory, home))
  if (program === 'chmod' || program === 'setfacl' || program === 'chgrp') return reach.includes('it')
  if (program === 'chown')
    return (
      reach.includes('it') &&
      !texts.some(text => [home.user, `${home.user}:`, `${home.user}:${home.user}`].includes(text))
    )
  if (!/^(?:install|mkdir|rsync|cp|git)$/.test(program)) return false
  const isBefore = source !== home.at.source || (word !== undefined && placeOf(word).start < home.at.start)
  return program === 'install' && reach.includes('it') ? true : isBefore && reach.some(each => each !== null)
}

/** Whether a word may be the path of the home or of one above it, or is one below it; null for any other. */
function reachOf(text: string, directory: string | null, home: ClosedHome): 'it' | 'below' | null {
  const own = text.replace(/^~[\w.-]*/, each => (each === '~' || each === `~${home.user}` ? home.path : each))
  const path = inDirectory(own, directory)
  if (isUnknownWord(own)) return 'it'
  if (path === null || !/^[/~]/.test(path)) return null
  const clean = cleanPath(path.replace(/^~/, home.path))
  if (isBelow(home.path, clean) || /^\/home\/[^/]*\*/.test(clean)) return 'it'
  return isBelow(clean, home.path) ? 'below' : null
}
