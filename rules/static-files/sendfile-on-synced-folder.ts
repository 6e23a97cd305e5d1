import { posix } from 'node:path'
import { isBelow } from '../../parsers/text/is-below.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import { type SyncedFolder, virtualBoxFolders } from '../../parsers/vagrant/read-vagrantfile.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { outerFile } from '../../src/deployment/outer-file.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import type { ApacheConfiguration } from '../../src/servers/apache/configuration.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { effective } from '../../src/servers/nginx/queries/effective.ts'

const VAGRANT = conf`
  Vagrant.configure("2") do |config|
    config.vm.box = "ubuntu/jammy64"
    config.vm.provision "shell", path: "provision.sh"
  end
`
const vagrant = (lines: string, box = 'ubuntu/jammy64'): string => conf`
  Vagrant.configure("2") do |config|
    config.vm.box = "${box}"
    ${lines}
    config.vm.provision "shell", path: "provision.sh"
  end
`
const tree = (
  vagrantfile = VAGRANT,
  root = '«/vagrant/public»',
  more: Readonly<Record<string, string>> = {},
): Record<string, string> => ({
  Vagrantfile: vagrantfile,
  'provision.sh': conf`
    apt-get install -y nginx
    cp /vagrant/nginx/site.conf /etc/nginx/sites-enabled/site.conf
  `,
  'nginx/site.conf': conf`
    server {
        listen 80;
        root ${root};
    }
  `,
  ...more,
})
const main = (lines: string): Record<string, string> => ({
  'nginx/nginx.conf': conf`
    events {
    }
    http {
        ${lines}
        include /etc/nginx/sites-enabled/*;
    }
  `,
})

export default defineRule({
  summary: 'Files of a directory that VirtualBox shares are served by sendfile',
  severity: 'warning',
  confidence: 'medium',
  since: '0.1.0',
  why: 'The kernel of the machine does not learn that a file of a shared folder of VirtualBox was changed on the host, and `sendfile` answers with the pages that it kept: scripts and style sheets arrive as they were, or cut off at the old length, until the server is restarted.',
  remedy: 'Write `sendfile off;` for nginx, or `EnableSendfile Off` for Apache, on this machine',
  references: [
    'https://developer.hashicorp.com/vagrant/docs/synced-folders/virtualbox#caveats',
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#sendfile',
  ],
  unproven: 'Nothing but VirtualBox can show it',
  bad: [
    { title: 'nginx as the package has it', files: tree() },
    {
      title: 'a main file of its own',
      files: tree(VAGRANT, '/vagrant/public', main('sendfile «on»;')),
    },
    {
      title: 'another directory, by the type of VirtualBox',
      files: tree(
        vagrant('config.vm.synced_folder "web", "/srv/web", type: "virtualbox"', 'debian/bookworm64'),
        '«/srv/web»',
      ),
    },
    {
      title: 'Apache',
      files: {
        Vagrantfile: VAGRANT,
        'provision.sh': 'cp /vagrant/apache/site.conf /etc/apache2/sites-enabled/\n',
        'apache/site.conf': conf`
          EnableSendfile «On»
          <VirtualHost *:80>
              DocumentRoot /vagrant/public
          </VirtualHost>
        `,
      },
    },
  ],
  good: [
    { title: 'switched off', files: tree(VAGRANT, '/vagrant/public', main('sendfile off;')) },
    { title: 'nginx’s own default', files: tree(VAGRANT, '/vagrant/public', main('keepalive_timeout 65;')) },
    {
      title: 'switched off by the script',
      files: tree(VAGRANT, '/vagrant/public', {
        'provision.sh': conf`
          apt-get install -y nginx
          sed -i 's/sendfile on/sendfile off/' /etc/nginx/nginx.conf
          cp /vagrant/nginx/site.conf /etc/nginx/sites-enabled/site.conf
        `,
      }),
    },
    {
      title: 'shared by NFS',
      files: tree(vagrant('config.vm.synced_folder ".", "/vagrant", type: "nfs"'), '/vagrant/public'),
    },
    { title: 'a box that gets copies', files: tree(vagrant('', 'debian/bookworm64'), '/vagrant/public') },
    {
      title: 'another provider',
      files: tree(vagrant('config.vm.provider :libvirt'), '/vagrant/public'),
    },
    {
      title: 'not shared',
      files: tree(vagrant('config.vm.synced_folder ".", "/vagrant", disabled: true'), '/vagrant/public'),
    },
    { title: 'a directory of the machine', files: tree(VAGRANT, '/srv/web/public') },
    {
      title: 'a file that nothing of the machine installs',
      files: tree(vagrant('config.vm.synced_folder ".", "/var/www/html"'), '/var/www/html', {
        'provision.sh': 'apt-get install -y nginx\n',
      }),
    },
    {
      title: 'switched off for the site',
      files: tree(VAGRANT, '/vagrant/public; sendfile off'),
    },
  ],
  *check(deployment) {
    const texts = deployment.setups() ?? []
    const machines = texts.filter(({ path }) => posix.basename(path) === 'Vagrantfile')
    const [vagrantfile] = machines
    if (vagrantfile === undefined || machines.length > 1) return
    const folders = virtualBoxFolders(vagrantfile)
    if (folders.length === 0) return
    const seen = new Set<string>()
    for (const { folder, root, at, isWord, source } of served(deployment, folders, texts)) {
      if (folder.target !== '/vagrant' && !installs(texts, source)) continue
      const key = `${at.source.path}:${at.start}`
      if (seen.has(key)) continue
      seen.add(key)
      yield {
        at,
        message: isWord
          ? `\`${root.path}\` lies in a folder that VirtualBox shares, and sendfile goes on with what the kernel kept of a file that was changed on the host`
          : `\`${root.path}\` lies in a folder that VirtualBox shares, and \`sendfile on\` of the package’s \`nginx.conf\` goes on with what the kernel kept of a file that was changed on the host`,
        label: isWord ? 'old or cut-off files' : 'served from a shared folder',
        related: [
          ...(isWord ? [{ at: root.at, message: 'files are served from here' }] : []),
          { at: folder.at, message: 'VirtualBox shares it' },
        ],
        ...propose('Switch it off', 'unsafe', [
          isWord ? replacePlace(at, /[A-Z]/.test(at.source.text[at.start] ?? '') ? 'Off' : 'off') : null,
        ]),
      }
    }
  },
})

interface Served {
  readonly folder: SyncedFolder
  readonly root: { readonly path: string; readonly at: Place }
  readonly at: Place
  /** True where the place is the word that switches sendfile on. */
  readonly isWord: boolean
  /** The file that names the root. */
  readonly source: Source
}

function* served(
  { nginx, apache, filesOf }: Deployment,
  folders: readonly SyncedFolder[],
  texts: readonly Source[],
): Iterable<Served> {
  const folderOf = (path: string): SyncedFolder | undefined =>
    folders.find(({ target }) => isBelow(path, target))
  for (const configuration of nginx) {
    for (const name of ['root', 'alias']) {
      for (const line of configuration.occurrences.get(name) ?? []) {
        const path = line.args[0]?.value ?? ''
        const folder = folderOf(path)
        if (folder === undefined) continue
        const root = { path, at: argumentPlace(line, 0) }
        const on = sendfileAt(configuration, line, filesOf(configuration), texts)
        if (on === null) continue
        const isWord = on !== 'package'
        yield { folder, root, at: isWord ? on : root.at, isWord, source: line.source }
      }
    }
  }
  for (const configuration of apache) {
    const on = sendfileOfApache(configuration)
    if (on === null) continue
    for (const line of configuration.occurrences.get('documentroot') ?? []) {
      const path = line.args[0]?.value ?? ''
      const folder = folderOf(path)
      if (folder === undefined) continue
      yield { folder, root: { path, at: argumentPlace(line, 0) }, at: on, isWord: true, source: line.source }
    }
  }
}

/** The `on` in force at a root: of the package’s main file where none is here, and null where it is off. */
function sendfileAt(
  configuration: NginxConfiguration,
  { parent, source }: NginxDirective,
  files: FileSystem,
  texts: readonly Source[],
): Place | 'package' | null {
  const found = effective(configuration, parent, 'sendfile')
  const line = found.known ? found.value.directives.at(-1) : undefined
  if (line !== undefined) return line.args[0]?.value === 'on' ? argumentPlace(line, 0) : null
  if (found.known || configuration.main !== null) return null
  const main = mainAround(files, outerFile(source) ?? source.path)
  if (main === null) return texts.some(({ text }) => /sendfile|nginx\.conf/.test(text)) ? null : 'package'
  const match = /^(?![ \t]*#).*?\bsendfile[ \t]+(on)[ \t]*;/m.exec(main.text)
  if (match === null || /^(?![ \t]*#).*?\bsendfile[ \t]+off/m.test(main.text)) return null
  const end = match.index + match[0].lastIndexOf('on') + 2
  return { source: main, start: end - 2, end }
}

/** The main file that lies beside a site, or above it. */
function mainAround(files: FileSystem, path: string): Source | null {
  for (let at = posix.dirname(path), left = LEVELS; left > 0; at = posix.dirname(at), left--) {
    const source = sourceAt(files, posix.join(at, 'nginx.conf'))
    if (source !== null && source.path !== path) return source
    if (at === '/') break
  }
  return null
}

const LEVELS = 4

/** Where Apache is told to use it, and nowhere not to. */
function sendfileOfApache({ occurrences }: ApacheConfiguration): Place | null {
  const lines = occurrences.get('enablesendfile') ?? []
  const [first] = lines
  return first !== undefined && lines.every(({ args }) => /^on$/i.test(args[0]?.value ?? ''))
    ? argumentPlace(first, 0)
    : null
}

/** True where what sets the machine up speaks of the file. */
function installs(texts: readonly Source[], source: Source): boolean {
  const name = posix.basename(outerFile(source) ?? source.path)
  return texts.some(({ path, text }) => text.includes(name) || posix.basename(path) === name)
}
