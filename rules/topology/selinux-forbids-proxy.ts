import { posix } from 'node:path'
import { frontLine } from '../../src/deployment/front-lines.ts'
import type { Connection, Deployment } from '../../src/deployment/model.ts'
import { enforcedSelinux, mayAllow, numberOfVariable } from '../../src/deployment/setups/selinux.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import type { Place, Source } from '../../parsers/text/source.ts'

const TASKS = conf`
  - name: Install Apache
    ansible.builtin.dnf:
      name:
        - httpd
        - python3-libselinux

  - name: Keep SELinux enforcing
    ansible.posix.selinux:
      policy: targeted
      state: «enforcing»

  - name: Virtual host
    ansible.builtin.template:
      src: shop.conf.j2
      dest: /etc/httpd/conf.d/shop.conf
    notify: Reload httpd
`
const PLAIN_TASKS = TASKS.replaceAll(/[«»]/g, '')
const SITE = conf`
  <VirtualHost *:80>
      ServerName shop.example.org
      ProxyPass / http://127.0.0.1:{{ shop_port }}/
  </VirtualHost>
`
const playbook = (
  tasks: string,
  site = SITE,
  others: Readonly<Record<string, string>> = {},
): Record<string, string> => ({
  'site.yml': conf`
    - hosts: shop
      become: true
      roles:
        - proxy
  `,
  'group_vars/shop.yml': 'shop_port: 3000\n',
  'roles/proxy/tasks/main.yml': tasks,
  'roles/proxy/templates/shop.conf.j2': site,
  ...others,
})
const SCRIPT = conf`
  #!/bin/bash
  set -e
  dnf install -y nginx
  «setenforce 1»
  cp shop.conf /etc/nginx/conf.d/shop.conf
  systemctl enable --now nginx
`
const script = (text: string): Record<string, string> => ({
  'setup.sh': text,
  'shop.conf': conf`
    server {
        listen 80;
        server_name shop.example.org;
        location / {
            proxy_pass http://127.0.0.1:3000;
        }
    }
  `,
})

export default defineRule({
  summary: 'SELinux enforces its policy, which lets the web server connect to no such port',
  severity: 'warning',
  confidence: 'medium',
  since: '0.1.0',
  why: 'The policy of Red Hat lets httpd and nginx connect to the ports of `http_port_t` alone: 80, 81, 443, 488, 8008, 8009, 8443 and 9000. Anything else is denied, on the loopback too, as long as the boolean `httpd_can_network_connect` is off, which it is by default. The proxy answers 503 or 502, and the log has `(13)Permission denied: AH00957: http: attempt to connect to 127.0.0.1:3000 failed`, or `connect() failed (13: Permission denied) while connecting to upstream`.',
  remedy:
    'Set the boolean: `setsebool -P httpd_can_network_connect on`, or the module `ansible.posix.seboolean`; or give the port its type: `semanage port -a -t http_port_t -p tcp 3000`',
  references: [
    'https://docs.redhat.com/en/documentation/red_hat_enterprise_linux/9/html/using_selinux/configuring-selinux-for-applications-and-services-with-non-standard-configurations_using-selinux',
  ],
  unproven: 'SELinux is a matter of the kernel, and that of the machine on which the tests run has none',
  bad: [
    { title: 'a playbook', files: playbook(TASKS) },
    { title: 'a script', files: script(SCRIPT) },
  ],
  good: [
    {
      title: 'a playbook that sets the boolean',
      files: playbook(conf`
        ${PLAIN_TASKS}
        - name: Let httpd connect
          ansible.posix.seboolean:
            name: httpd_can_network_connect
            state: true
            persistent: true
      `),
    },
    {
      title: 'variables that set it',
      files: playbook(PLAIN_TASKS, SITE, {
        'group_vars/all.yml': 'selinux_booleans:\n  - httpd_can_network_connect\n',
      }),
    },
    {
      title: 'notes that say how to set it',
      files: playbook(PLAIN_TASKS, SITE, {
        'README.md': 'Run `setsebool -P httpd_can_network_connect on` once.\n',
      }),
    },
    {
      title: 'a role that is not there',
      files: playbook(PLAIN_TASKS, SITE, {
        'site.yml': '- hosts: shop\n  roles:\n    - linux-system-roles.network\n    - proxy\n',
      }),
    },
    {
      title: 'machines of another kind',
      files: playbook(
        conf`
          - name: Virtual host
            ansible.builtin.template:
              src: shop.conf.j2
              dest: /etc/httpd/conf.d/shop.conf
        `,
        SITE,
        {
          'site.yml': conf`
            - hosts: shop
              roles:
                - proxy
            - hosts: database
              roles:
                - postgres
          `,
          'roles/postgres/tasks/main.yml': PLAIN_TASKS.replace('httpd\n', 'postgresql\n').replace(
            /\n- name: Virtual host[\s\S]*/,
            '',
          ),
        },
      ),
    },
    {
      title: 'a mode that a condition decides',
      files: playbook(
        PLAIN_TASKS.replace('    state: enforcing\n', '    state: enforcing\n  when: hardened\n'),
      ),
    },
    { title: 'another mode', files: playbook(PLAIN_TASKS.replace('enforcing\n\n', 'permissive\n\n')) },
    {
      title: 'a port of `http_port_t`',
      files: playbook(PLAIN_TASKS, SITE.replace('{{ shop_port }}', '9000')),
    },
    {
      title: 'a socket',
      files: playbook(
        PLAIN_TASKS,
        SITE.replace('http://127.0.0.1:{{ shop_port }}/', 'unix:/run/shop.sock|http://localhost/'),
      ),
    },
    {
      title: 'a port that nobody knows',
      files: playbook(PLAIN_TASKS, SITE.replace('shop_port', 'other_port')),
    },
    {
      title: 'a script that sets the boolean',
      files: script(`${SCRIPT.replaceAll(/[«»]/g, '')}setsebool -P httpd_can_network_connect 1\n`),
    },
    {
      title: 'a script that gives the port its type',
      files: script(`${SCRIPT.replaceAll(/[«»]/g, '')}semanage port -a -t http_port_t -p tcp 3000\n`),
    },
    {
      title: 'a script that installs a policy',
      files: script(`${SCRIPT.replaceAll(/[«»]/g, '')}semodule -i shop.pp\n`),
    },
    { title: 'a script that says nothing of SELinux', files: script('dnf install -y nginx\n') },
  ],
  *check(deployment) {
    const texts = deployment.setups() ?? []
    const at = enforcedSelinux(texts)
    if (at === null || isExplained(deployment, at.source)) return
    const denied = deployment.connections.all.flatMap(connection => {
      const port = connection.from.machine.container === null ? deniedPort(connection, texts) : null
      return port === null ? [] : [{ port, ...placesOf(connection) }]
    })
    const [first] = denied
    if (first === undefined) return
    yield {
      at,
      message: `SELinux enforces its policy, and nothing sets \`httpd_can_network_connect\`: ${first.server} may not connect to port ${first.port}, and answers ${first.server === 'nginx' ? 502 : 503}: (13)Permission denied`,
      label: 'enforcing',
      related: denied.slice(0, MOST_PLACES).map(({ url }) => ({ at: url, message: 'connects here' })),
      help: 'Set the boolean `httpd_can_network_connect`, and keep it: `persistent: true`, `setsebool -P`',
    }
  },
})

const MOST_PLACES = 3

/** What the policy gives the type `http_port_t`. */
const HTTP_PORTS: ReadonlySet<number> = new Set([80, 81, 443, 488, 8008, 8009, 8443, 9000])

/** The port to which a server may not connect; null for none, and where nobody knows it. */
function deniedPort({ targets, written }: Connection, texts: readonly Source[]): number | null {
  const ports =
    targets.length > 0
      ? targets.map(({ port, address }) => (address.kind === 'unix' ? null : port))
      : [portIn(written, texts)]
  return ports.find(port => port !== null && !HTTP_PORTS.has(port)) ?? null
}

/** The one that a URL has, or that a variable of playbooks gives it. */
function portIn(url: string, texts: readonly Source[]): number | null {
  const [, port, variable] = /^\w+:\/\/[\w.-]+:(?:(\d+)|\{\{\s*(\w+)\s*\}\})(?:\/|$)/.exec(url) ?? []
  if (port !== undefined) return Number(port)
  return variable === undefined ? null : numberOfVariable(texts, variable)
}

function placesOf(connection: Connection): { readonly server: 'nginx' | 'Apache'; readonly url: Place } {
  const { server, url } = frontLine(connection)
  return { server, url }
}

/** True where notes beside it may tell people what to allow. */
function isExplained({ apache, nginx, filesOf }: Deployment, { path }: Source): boolean {
  const [configuration] = [...apache, ...nginx]
  return configuration === undefined || notesAbove(filesOf(configuration), path).some(mayAllow)
}

function notesAbove(files: FileSystem, path: string): readonly Source[] {
  const found: Source[] = []
  for (let directory = posix.dirname(path); ; directory = posix.dirname(directory)) {
    for (const { name } of files.list(directory) ?? [])
      if (/^(?:readme|install)[\w.-]*$/i.test(name))
        found.push(...[sourceAt(files, posix.join(directory, name)) ?? []].flat())
    if (directory === '/') return found
  }
}
