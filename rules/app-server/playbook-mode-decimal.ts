import { posix } from 'node:path'
import { once } from '../../parsers/collections/once.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { type PlainMode, plainModes } from '../../src/deployment/setups/playbook-modes.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'

const SITE = conf`
  server {
      listen 80;
      server_name intranet.example.org;
      root /srv/intranet;
      auth_basic Intranet;
      auth_basic_user_file /etc/intranet.htpasswd;
  }
`
const tasks = (
  lines: string,
  file = 'roles/intranet/tasks/main.yml',
  site = SITE,
): Record<string, string> => ({
  'roles/intranet/files/site.conf': site,
  [file]: lines,
})
const passwords = (mode: string): string => conf`
  - name: password file
    ansible.builtin.template:
      src: htpasswd.j2
      dest: /etc/intranet.htpasswd
      group: www-data
      mode: ${mode}
`

export default defineRule({
  summary: 'A `mode` of Ansible without its leading zero is a decimal number',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'YAML reads `640` as a decimal number, and Ansible gives the file the bits of it: octal 1200, `--w------T`, with which nobody but root reads the file. nginx answers 500 or 403: `open() "/etc/nginx/.htpasswd" failed (13: Permission denied)`. Of a text Ansible reads the octal digits.',
  remedy: 'Write the mode as a text with its leading zero: `mode: "0640"`',
  references: [
    'https://docs.ansible.com/ansible/latest/collections/ansible/builtin/file_module.html#parameter-mode',
    'https://ansible.readthedocs.io/projects/lint/rules/risky-octal/',
  ],
  unproven: 'The machines of the live tests have no Ansible',
  bad: [
    { title: 'the password file of nginx', files: tasks(passwords('«640»')) },
    {
      title: 'the directory above a document root, by the short name',
      files: tasks(
        conf`
          - hosts: web
            become: true
            tasks:
              - block:
                  - file: { path: /srv, state: directory, mode: «755» }
        `,
        'site.yml',
      ),
    },
    {
      title: 'a template into a directory of nginx',
      files: tasks(conf`
        - name: site
          template:
            src: "{{ item }}.conf.j2"
            dest: "/etc/nginx/conf.d/{{ item }}.conf"
            mode: «644»
          loop: [shop, blog]
          notify: reload nginx
      `),
    },
    {
      title: 'the arguments of their own',
      files: tasks(conf`
        - name: certificate
          copy:
          args:
            src: intranet.pem
            dest: /etc/nginx/intranet.pem
            mode: «600»
      `),
    },
  ],
  good: [
    { title: 'a text', files: tasks(passwords('"0640"')) },
    { title: 'a text without a zero', files: tasks(passwords("'640'")) },
    { title: 'the octal number of YAML 1.1', files: tasks(passwords('0640')) },
    { title: 'letters', files: tasks(passwords('u=rw,g=r,o=')) },
    { title: 'what a template fills in is a text', files: tasks(passwords('"{{ mode | default(640) }}"')) },
    {
      title: 'an option in a line, which is a text',
      files: tasks(conf`
        - name: site
          template: src=site.conf.j2 dest=/etc/nginx/conf.d/site.conf mode=644
      `),
    },
    {
      title: 'a file of no server',
      files: tasks(conf`
        - name: message of the day
          copy:
            src: motd
            dest: /etc/motd
            mode: 644
      `),
    },
    {
      title: 'another file with a mode, which is no playbook',
      files: tasks(conf`
        volumes:
          - name: nginx
            secret:
              path: /etc/nginx/shop.pem
              mode: 440
      `),
    },
  ],
  *check(deployment) {
    const sources = deployment.setups() ?? []
    const wanted = once(() => namedPaths(deployment))
    const isOfServers = once(() => setsUpServers(sources))
    for (const source of sources) {
      for (const mode of plainModes(source)) {
        const named = mode.path === null ? undefined : wanted().get(posix.normalize(mode.path))
        if (named === undefined && !isOfServers()(source)) continue
        yield {
          at: mode.at,
          message: messageOf(mode),
          label: `octal ${octal(mode)}`,
          related: named === undefined ? [] : [{ at: named, message: 'read here' }],
          ...propose('Write it as octal digits', 'safe', [
            replacePlace(mode.at, `"${mode.text.padStart(4, '0')}"`),
          ]),
        }
      }
    }
  },
})

function messageOf(mode: PlainMode): string {
  const what = mode.path === null ? 'it' : `\`${mode.path}\``
  return `\`mode: ${mode.text}\` is a decimal number, so Ansible gives ${what} the bits ${octal(mode)}, \`${letters(Number(mode.text))}\``
}

function octal({ text }: PlainMode): string {
  return Number(text).toString(8).padStart(4, '0')
}

/** As `ls -l` shows them. */
function letters(mode: number): string {
  const special = ['s', 's', 't']
  return special
    .map((letter, index) => {
      const bits = (mode >> (6 - 3 * index)) & 7
      const isSpecial = ((mode >> (11 - index)) & 1) === 1
      const runs = (bits & 1) === 1
      const last = isSpecial ? (runs ? letter : letter.toUpperCase()) : runs ? 'x' : '-'
      return `${(bits & 4) === 0 ? '-' : 'r'}${(bits & 2) === 0 ? '-' : 'w'}${last}`
    })
    .join('')
}

const NGINX_PATHS = [
  'root',
  'alias',
  'auth_basic_user_file',
  'ssl_certificate',
  'ssl_certificate_key',
  'ssl_trusted_certificate',
]
const APACHE_PATHS = [
  'documentroot',
  'authuserfile',
  'authgroupfile',
  'sslcertificatefile',
  'sslcertificatekeyfile',
  'sslcacertificatefile',
]

/** What a configuration reads, with the directories that lead there, and one place that names it. */
function namedPaths({ nginx, apache }: Deployment): ReadonlyMap<string, Place> {
  const found = new Map<string, Place>()
  const add = (value: string | undefined, at: () => Place) => {
    if (value === undefined || !/^\/[\w./@+-]+$/.test(value)) return
    for (let path = posix.normalize(value); path !== '/' && !found.has(path); path = posix.dirname(path))
      found.set(path, at())
  }
  for (const { occurrences } of nginx)
    for (const name of NGINX_PATHS)
      for (const each of occurrences.get(name) ?? []) add(each.args[0]?.value, () => argumentPlace(each, 0))
  for (const { occurrences } of apache)
    for (const name of APACHE_PATHS)
      for (const each of occurrences.get(name) ?? []) add(each.args[0]?.value, () => argumentPlace(each, 0))
  return found
}

const SERVERS =
  /\b(?:nginx|apache2?|httpd|php[\d.]*-fpm|gunicorn|uwsgi|uvicorn|daphne|hypercorn|mod_wsgi|puma|unicorn)\b/i

/** Whether a file of tasks belongs to a role, or is a playbook, that speaks of these servers. */
function setsUpServers(sources: readonly Source[]): (source: Source) => boolean {
  const homes = new Set(sources.filter(({ text }) => SERVERS.test(text)).map(homeOf))
  return source => homes.has(homeOf(source))
}

/** The directory of its role, or the file itself. */
function homeOf({ path }: Source): string {
  return /^(.*\/roles\/[^/]+)\//.exec(path)?.[1] ?? path
}
