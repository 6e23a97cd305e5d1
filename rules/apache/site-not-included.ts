import { posix } from 'node:path'
import { once } from '../../parsers/collections/once.ts'
import { isCopyName } from '../../parsers/text/copy-name.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { argumentPlace, isSettled } from '../../src/servers/apache/queries/places.ts'
import { apacheMain } from '../_examples.ts'
import { misnamedSites } from './_sites-of-setups.ts'

const MAIN = apacheMain(conf`
  Listen 80
  IncludeOptional sites-enabled/*.conf
`)

/** As of a distribution that knows no `sites-enabled`. */
const packaged = (include: string): string =>
  apacheMain(conf`
    Listen 80
    <VirtualHost *:80>
        ServerName example.org
        DocumentRoot /srv/www
    </VirtualHost>
    ${include}
  `)

const SITE = conf`
  <VirtualHost *:80>
      ServerName shop.example.org
      DocumentRoot /srv/shop
  </VirtualHost>
`

const role = (dest: string): Record<string, string> => ({
  'roles/apache/tasks/main.yml': conf`
    - name: The sites
      ansible.builtin.template:
        src: vhost.j2
        dest: "/etc/apache2/sites-available/{{ item.name }}.conf"
      loop: "{{ apache_vhosts }}"
    - name: The links
      ansible.builtin.file:
        src: "../sites-available/{{ item.name }}.conf"
        dest: ${dest}
        state: link
      loop: "{{ apache_vhosts }}"
  `,
  'roles/apache/templates/vhost.j2': SITE.replace('shop.example.org', '{{ item.name }}'),
  'group_vars/web.yml': conf`
    apache_vhosts:
      - name: www.example.org
      - name: shop.example.org
  `,
})

const script = (file: string, enabled: string): string => conf`
  #!/bin/bash
  apt-get install -y apache2
  cat > ${file} <<EOF
  ${SITE}
  EOF
  a2ensite ${enabled}
  systemctl reload apache2
`

export default defineRule({
  summary: 'A site that is enabled, and whose file Apache does not read',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'Since 2.4, Debian and Ubuntu include `sites-enabled/*.conf`. A file that lies there and is called otherwise is never read: its names are answered by the first site that is. Of RHEL, Fedora and the images of httpd the main file has no such line at all, and a directory `sites-enabled` is not read before somebody adds one.',
  remedy:
    'Rename the file, so that it ends in `.conf`, and enable it again: `a2ensite shop.example.org`; or write `IncludeOptional sites-enabled/*.conf` into the main file',
  references: ['https://httpd.apache.org/docs/2.4/mod/core.html#includeoptional'],
  bad: [
    {
      title: 'called after its name',
      files: {
        'etc/apache2/apache2.conf': MAIN,
        'etc/apache2/sites-enabled/000-default.conf': SITE.replace('shop.', '').replace('/shop', '/www'),
        'etc/apache2/sites-enabled/shop.example.org': SITE.replace('<VirtualHost', '«<VirtualHost»'),
      },
    },
    {
      title: 'a directory that nothing includes',
      files: {
        'etc/apache2/apache2.conf': packaged('IncludeOptional conf.d/*.conf'),
        'etc/apache2/sites-enabled/shop.conf': SITE.replace('<VirtualHost', '«<VirtualHost»'),
      },
    },
    {
      title: 'among the enabled ones of a tree that has no main file',
      files: {
        'etc/apache2/sites-enabled/shop.example.org': SITE.replace('<VirtualHost', '«<VirtualHost»').replace(
          '</Virt',
          '    <Location /admin>\n        Require ip 192.0.2.0/24\n    </Location>\n</Virt',
        ),
      },
    },
    {
      title: 'links that a role makes, by the names of its variables',
      files: role('"«/etc/apache2/sites-enabled/{{ item.name }}»"'),
    },
    {
      title: 'a template that a role writes for one domain',
      files: {
        'roles/apache/tasks/main.yml': conf`
          - name: The site
            template: src=vhost.conf.j2 dest=«/etc/apache2/sites-enabled/{{ domain }}»
        `,
        'roles/apache/templates/vhost.conf.j2': SITE.replace('shop.example.org', '{{ domain }}'),
      },
    },
    {
      title: 'a script that enables what it wrote by another name',
      files: { 'setup.sh': script('«/etc/apache2/sites-available/shop.example.org»', 'shop.example.org') },
    },
    {
      title: 'a script that is given the domain',
      files: {
        'setup.sh': script('«/etc/apache2/sites-available/$DOMAIN»', '"$DOMAIN"').replace(
          'apt-get',
          'DOMAIN="$1"\napt-get',
        ),
      },
    },
    {
      title: 'a file of cloud-init',
      files: {
        'user-data.yml': conf`
          #cloud-config
          packages: [apache2]
          write_files:
            - path: «/etc/apache2/sites-available/shop»
              content: |
                ${SITE}
          runcmd:
            - a2ensite shop
        `,
      },
    },
  ],
  good: [
    {
      title: 'what scripts and playbooks put there by names with the ending',
      files: {
        ...role('"/etc/apache2/sites-enabled/{{ item.name }}.conf"'),
        'setup.sh': script('/etc/apache2/sites-available/shop.example.org.conf', 'shop.example.org'),
      },
    },
    {
      title: 'names of variables that have the ending',
      files: {
        ...role('"/etc/apache2/sites-enabled/{{ item.name }}"'),
        'group_vars/web.yml': 'apache_vhosts:\n  - name: shop.example.org.conf\n',
      },
    },
    {
      title: 'an old release, which reads every name',
      files: {
        'setup.sh': script('/etc/apache2/sites-available/shop', 'shop'),
        Vagrantfile: 'Vagrant.configure("2") { |config| config.vm.box = "ubuntu/precise64" }\n',
      },
    },
    {
      title: 'a script that changes the line of the main file',
      files: {
        'setup.sh': `${script('/etc/apache2/sites-available/shop', 'shop')}sed -i 's/\\*.conf/*/' /etc/apache2/apache2.conf\n`,
      },
    },
    {
      title: 'ends in .conf, and copies that nobody reads',
      files: {
        'etc/apache2/apache2.conf': MAIN,
        'etc/apache2/sites-enabled/shop.example.org.conf': SITE,
        'etc/apache2/sites-enabled/shop.example.org.conf.bak': SITE,
        'etc/apache2/sites-enabled/shop.example.org.conf.disabled': SITE,
        'etc/apache2/sites-enabled/.shop.swp': SITE,
        ...Object.fromEntries(
          ['shop.conf.2023-01-01', 'shop.conf.bck', 'shop.conf.nossl', 'shop.disabled2', 'shop.bkp'].map(
            name => [`etc/apache2/sites-enabled/${name}`, SITE.replace('shop.', 'other.')],
          ),
        ),
        'etc/apache2/sites-enabled/README': 'Links to sites-available',
      },
    },
    {
      title: 'its site is in another file',
      files: {
        'etc/apache2/apache2.conf': MAIN,
        'etc/apache2/sites-enabled/shop.example.org.conf': SITE,
        'etc/apache2/sites-enabled/shop.example.org': SITE,
      },
    },
    {
      title: 'the line for the directory is there',
      files: {
        'etc/apache2/apache2.conf': packaged(conf`
          IncludeOptional conf.d/*.conf
          IncludeOptional sites-enabled/*.conf
        `),
        'etc/apache2/sites-enabled/shop.conf': SITE,
      },
    },
    {
      title: 'a script adds the line for the directory',
      files: {
        'etc/apache2/apache2.conf': packaged('IncludeOptional conf.d/*.conf'),
        'etc/apache2/sites-enabled/shop.conf': SITE,
        'opt/setup.sh': conf`
          #!/bin/sh
          echo 'IncludeOptional sites-enabled/*.conf' >> /etc/apache2/apache2.conf
        `,
      },
    },
    {
      title: 'read by name',
      files: {
        'etc/apache2/apache2.conf': `${MAIN}Include sites-enabled/shop\n`,
        'etc/apache2/sites-enabled/shop': SITE,
      },
    },
  ],
  *check(deployment) {
    const { apache, filesOf, setups, setupsBeside } = deployment
    const isAdded = once(() => [...(setups() ?? []), ...setupsBeside()].some(mayInclude))
    yield* ofSetups(deployment)
    for (const configuration of apache) if (configuration.main === null) yield* amongFragments(configuration)
    for (const configuration of apache) {
      const { executed = [], serverRoot } = configuration
      if (!serverRoot.known) continue
      const includes = executed.filter(({ name }) => /^Include/.test(name))
      const unread = unreadSites(configuration, filesOf(configuration))
      for (const include of includes) {
        const pattern = include.args[0]?.value ?? ''
        if (!/(?:^|\/)\w+-enabled\/\*\.conf$/.test(pattern) || !isSettled(pattern)) continue
        const directory = posix.dirname(posix.resolve(serverRoot.value, pattern))
        for (const { name, at } of unread(directory)) {
          if (name.endsWith('.conf')) continue
          yield {
            at,
            message: `Apache reads \`${posix.basename(pattern)}\` alone, and this file is called \`${name}\`: the site is not there`,
            related: [{ at: argumentPlace(include, 0), message: 'what Apache reads' }],
          }
        }
      }
      const last = includes.findLast(({ source }) => source === configuration.main)
      if (last === undefined || !includes.every(isElsewhere)) continue
      const directory = posix.join(serverRoot.value, ENABLED)
      for (const { name, at } of isAdded() ? [] : unread(directory))
        yield {
          at,
          message: `no \`Include\` reads \`${directory}/${name}\`, so the site is not there`,
          related: [{ at: argumentPlace(last, 0), message: 'what Apache reads' }],
        }
    }
  },
})

const ENABLED = 'sites-enabled'

/** True for an `Include` that reads no directory of enabled sites. */
function isElsewhere({ args }: ApacheDirective): boolean {
  const pattern = args[0]?.value ?? ''
  return isSettled(pattern) && !pattern.includes(ENABLED)
}

/** True for a text that may add the line to the main file. */
function mayInclude({ text }: Source): boolean {
  return text.includes(ENABLED) && /\bInclude/.test(text)
}

interface UnreadSite {
  readonly name: string
  /** The `<VirtualHost`. */
  readonly at: Place
}

/** The sites of a directory that Apache does not read, and that are in no other file. */
function unreadSites(
  { occurrences, sources }: ApacheConfiguration,
  files: FileSystem,
): (directory: string) => readonly UnreadSite[] {
  const read = new Set(sources)
  const served = once(
    () =>
      new Set(
        (occurrences.get('servername') ?? []).flatMap(({ args: [name] }) => name?.value.toLowerCase() ?? []),
      ),
  )
  return directory =>
    (files.list(directory) ?? []).flatMap(({ name, kind }) => {
      if (kind !== 'file' || isPutAside(name)) return []
      const result = files.read(posix.join(directory, name))
      if (result.kind !== 'source' || read.has(result.source)) return []
      const { source } = result
      const host = /^[ \t]*(<VirtualHost)\b/im.exec(source.code)
      if (host === null || namesIn(source).some(each => served().has(each))) return []
      const end = host.index + host[0].length
      return [{ name, at: { source, start: end - '<VirtualHost'.length, end } }]
    })
}

const OF_DEBIAN = 'Debian and Ubuntu include `sites-enabled/*.conf`'

/** Sites that scripts and playbooks put there. */
function* ofSetups({ setups }: Deployment): Iterable<RuleFinding> {
  for (const { at, name, enabledBy } of misnamedSites(setups() ?? []))
    yield {
      at,
      message:
        enabledBy === null
          ? `${OF_DEBIAN} alone, and this one is called \`${name}\`: Apache does not read the site`
          : `\`a2ensite\` enables \`${name}.conf\`, and this file is called \`${name}\`: Site ${name} does not exist`,
      label: 'does not end in `.conf`',
      related: enabledBy === null ? [] : [{ at: enabledBy, message: 'not found by this name' }],
    }
}

/** Files of a tree without its `apache2.conf`, where their own directives are of 2.4. */
function* amongFragments({ sources }: ApacheConfiguration): Iterable<RuleFinding> {
  const enabled = sources.filter(({ path }) => /\/apache2\/sites-enabled\/[^/]+$/.test(path))
  const isCurrent =
    enabled.some(({ code }) => OF_24.test(code)) && !sources.some(({ code }) => OF_22.test(code))
  if (!isCurrent) return
  for (const source of enabled) {
    const name = posix.basename(source.path)
    if (name.endsWith('.conf') || isPutAside(name)) continue
    const host = /^[ \t]*(<VirtualHost)\b/im.exec(source.code)
    if (host === null) continue
    const names = namesIn(source)
    if (sources.some(other => other !== source && namesIn(other).some(each => names.includes(each)))) continue
    const end = host.index + host[0].length
    yield {
      at: { source, start: end - '<VirtualHost'.length, end },
      message: `${OF_DEBIAN} alone, and this file is called \`${name}\`: the site is not there`,
    }
  }
}

const OF_24 =
  /^[ \t]*(?:Require[ \t]+(?:all|ip|host|local)\b|Protocols\b|IncludeOptional\b|SSLOpenSSLConfCmd\b)/im
const OF_22 = /^[ \t]*(?:Order[ \t]+(?:allow|deny)|NameVirtualHost\b)/im

/** The names of the sites in a file that Apache does not read. */
function namesIn({ code }: Source): readonly string[] {
  return [...code.matchAll(/^[ \t]*ServerName[ \t]+(\S+)/gim)].map(([, name = '']) => name.toLowerCase())
}

/** True for a name that an editor, a package or its owner made for what is not to be read: `shop.conf.nossl`. */
function isPutAside(name: string): boolean {
  return name.startsWith('.') || isCopyName(name) || /\.conf[._-]/i.test(name) || OTHERS.test(name)
}

const OTHERS =
  /\.(?:dis|no|temp|sample|example|dist|rpm\w+|template|tpl|tmpl|j2|jinja2?|erb|in|txt|md|\d+)$|^README/i
