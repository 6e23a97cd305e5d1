import type { Container } from '../../src/deployment/containers/container.ts'
import type { NginxConnection } from '../../src/deployment/model.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import type { Place } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { sourceAt } from '../../src/files/file-system.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { passedPath } from '../../src/servers/nginx/queries/passed-path.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { containerVariables } from './_container-variables.ts'
import { INSTALLED, type Tool, TOOLS } from './_path-tools.ts'
import { serviceVariables } from '../../src/deployment/containers/service-variables.ts'

const tree = (service: string, pass: string, location = '/tool/', lines = ''): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      nginx:
        image: nginx:1.27
        volumes: ["./site.conf:/etc/nginx/conf.d/default.conf"]
      tool:
        ${service}
  `,
  'site.conf': conf`
    server {
        listen 80;
        server_name ops.example.org;
        location ${location} {
            proxy_pass ${pass};
            proxy_set_header Host $host;
            ${lines}
        }
    }
  `,
})
const onMachine = (pass: string, ini: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(
    nginxServer(conf`
      location /grafana/ {
          proxy_pass ${pass};
          proxy_set_header Host $host;
      }
    `),
  ),
  'etc/grafana/grafana.ini': conf`
    [server]
    http_port = 3000
    ${ini}
  `,
})
const grafana = (lines: string): string => conf`
  image: grafana/grafana:11.0.0
  environment:
    GF_SERVER_DOMAIN: ops.example.org
    ${lines}
`
const ALSO = 'proxied here, too'
const TOLD_GRAFANA = tree(
  grafana(conf`
    GF_SERVER_ROOT_URL: https://ops.example.org/grafana/
    GF_SERVER_SERVE_FROM_SUB_PATH: "true"
  `),
  'http://tool:3000',
  '/grafana/',
)

export default defineRule({
  summary: 'A program stands below a path, and is not told of it',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'The pages of these programs name their scripts, style sheets and redirects from the root: `/public/build/app.js` in place of `/grafana/public/build/app.js`. nginx sends these elsewhere, and the page stays empty: `Grafana has failed to load its application files`. Each of them has a variable for the path, or a line of its configuration.',
  remedy:
    'Tell it the path: `GF_SERVER_ROOT_URL` or `root_url` for Grafana, `SERVER_BASEPATH` for Kibana, `--web.external-url` for Prometheus, `JENKINS_OPTS: --prefix=/jenkins`, `PMA_ABSOLUTE_URI` for phpMyAdmin, `--ServerApp.base_url` for Jupyter',
  references: [
    'https://grafana.com/tutorials/run-grafana-behind-a-proxy/',
    'https://www.elastic.co/guide/en/kibana/current/settings.html',
    'https://prometheus.io/docs/guides/basic-auth/',
    'https://github.com/phpmyadmin/docker#environment-variables-summary',
    'https://jupyter-server.readthedocs.io/en/stable/operators/public-server.html',
    'https://www.jenkins.io/doc/book/system-administration/reverse-proxy-configuration-with-jenkins/',
  ],
  unproven: 'The live tests start no containers, and install none of these programs',
  bad: [
    { title: 'Grafana, without the prefix', files: tree(grafana(''), '«http://tool:3000/»', '/grafana/') },
    {
      title: 'Grafana that is told another path',
      files: tree(
        grafana('GF_SERVER_ROOT_URL: https://ops.example.org/'),
        '«http://tool:3000/»',
        '/grafana/',
      ),
    },
    {
      title: 'Alertmanager, which gets the path and answers at its root alone',
      files: tree('image: prom/alertmanager:v0.27.0', '«http://tool:9093»', '/alertmanager/'),
    },
    {
      title: 'Grafana on the machine',
      files: onMachine('«http://127.0.0.1:3000/»', ';root_url = %(protocol)s://%(domain)s:%(http_port)s/'),
    },
    {
      title: 'Kibana on the machine',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          nginxServer(conf`
            location /kibana/ {
                proxy_pass «http://localhost:5601/»;
            }
          `),
        ),
        'etc/kibana/kibana.yml': conf`
          server.port: 5601
          #server.basePath: "/kibana"
        `,
      },
    },
    {
      title: 'Grafana on the machine that expects the path to be taken away',
      files: onMachine('«http://127.0.0.1:3000»', 'root_url = https://ops.example.org/grafana/'),
    },
    {
      title: 'Grafana in a container that expects the path to be taken away',
      files: tree(
        grafana('GF_SERVER_ROOT_URL: https://ops.example.org/grafana/'),
        '«http://tool:3000»',
        '/grafana/',
      ),
    },
    {
      title: 'a path of Grafana below the one that it leaves to the proxy',
      files: tree(
        grafana('GF_SERVER_ROOT_URL: https://ops.example.org/grafana/'),
        '«http://tool:3000»',
        '/grafana/login',
      ),
    },
    {
      title: 'Prometheus',
      files: tree('image: prom/prometheus:v2.53.0', '«http://tool:9090/»', '/prometheus/'),
    },
    {
      title: 'phpMyAdmin',
      files: tree('image: phpmyadmin:5.2-apache', '«http://tool/»', '/pma/'),
    },
    {
      title: 'Jupyter',
      files: tree('image: quay.io/jupyter/scipy-notebook', '«http://tool:8888/»', '/notebooks/'),
    },
    {
      title: 'pgAdmin',
      files: tree('image: dpage/pgadmin4:8', '«http://tool:80/»', '/pgadmin/'),
    },
    {
      title: 'pgAdmin, whose redirects are left as they are',
      files: tree('image: dpage/pgadmin4', '«http://tool/»', '/pgadmin4/', 'proxy_redirect off;'),
    },
    {
      title: 'Kibana, which expects the path to be taken away',
      files: tree(
        conf`
          image: docker.elastic.co/kibana/kibana:8.13.0
          environment:
            SERVER_BASEPATH: /kibana
        `,
        '«http://tool:5601»',
        '/kibana/',
      ),
    },
  ],
  good: [
    {
      title: 'Grafana that is told its address',
      files: tree(
        grafana('GF_SERVER_ROOT_URL: https://ops.example.org/grafana/'),
        'http://tool:3000/',
        '/grafana/',
      ),
    },
    {
      title: 'Grafana on the machine that is told its address',
      files: onMachine('http://127.0.0.1:3000/', 'root_url = %(protocol)s://%(domain)s/grafana/'),
    },
    {
      title: 'Grafana that takes the path away itself',
      files: onMachine(
        'http://127.0.0.1:3000',
        conf`
          root_url = %(protocol)s://%(domain)s/grafana/
          serve_from_sub_path = true
        `,
      ),
    },
    {
      title: 'Grafana in a container that takes the path away itself',
      files: tree(
        grafana(conf`
          GF_SERVER_ROOT_URL: https://ops.example.org/grafana/
          GF_SERVER_SERVE_FROM_SUB_PATH: "true"
        `),
        'http://tool:3000',
        '/grafana/',
      ),
    },
    {
      title: 'a path of Grafana below the one that it is told of',
      files: {
        ...TOLD_GRAFANA,
        'site.conf': TOLD_GRAFANA['site.conf']!.replace(
          'location /grafana/ {',
          conf`
            location /grafana/api/live/ {
                proxy_pass http://tool:3000;
                proxy_set_header Upgrade $http_upgrade;
                proxy_set_header Connection upgrade;
            }
            location /grafana/ {
          `.trim(),
        ),
      },
    },
    {
      title: 'a path of Grafana on the machine below the one that it is told of',
      files: {
        ...onMachine(
          'http://127.0.0.1:3000',
          conf`
            root_url = %(protocol)s://%(domain)s:%(http_port)s/grafana/
            serve_from_sub_path = true
          `,
        ),
        'etc/nginx/nginx.conf': nginxMain(
          nginxServer(conf`
            location /grafana/api/live {
                proxy_pass http://127.0.0.1:3000;
            }
          `),
        ),
      },
    },
    {
      title: 'a path of Prometheus below the one that it is told of',
      files: tree(
        conf`
          image: prom/prometheus:v2.53.0
          command: --config.file=/etc/prometheus/prometheus.yml --web.external-url=https://ops.example.org/prometheus
        `,
        'http://tool:9090',
        '/prometheus/api/v1/write',
      ),
    },
    {
      title: 'a path of Nexus, which is told of its prefix without a slash',
      files: tree(
        conf`
          image: sonatype/nexus3
          environment:
            NEXUS_CONTEXT: nexus
        `,
        'http://tool:8081',
        '/nexus/repository/',
      ),
    },
    {
      title: 'a path of Kibana below its own',
      files: tree(
        conf`
          image: docker.elastic.co/kibana/kibana:8.13.0
          environment:
            - SERVER_BASEPATH=/ops/kibana
            - SERVER_REWRITEBASEPATH=true
        `,
        'http://tool:5601',
        '/ops/kibana/api/',
      ),
    },
    {
      title: 'Alertmanager, whose pages ask for what lies beside them',
      files: tree('image: prom/alertmanager:v0.27.0', 'http://tool:9093/', '/alertmanager/'),
    },
    {
      title: 'an option whose value is a word of its own',
      files: tree(
        conf`
          image: prom/alertmanager:v0.27.0
          command: ["--web.external-url", "https://ops.example.org/alertmanager/"]
        `,
        'http://tool:9093',
        '/alertmanager/',
      ),
    },
    {
      title: 'another program on the machine',
      files: onMachine('http://127.0.0.1:3001/', ''),
    },
    {
      title: 'pgAdmin that a header tells of the path',
      files: tree(
        'image: dpage/pgadmin4',
        'http://tool/',
        '/pgadmin4/',
        'proxy_set_header X-Script-Name /pgadmin4;\nproxy_redirect off;',
      ),
    },
    {
      title: 'redirects that are given the path',
      files: tree('image: dpage/pgadmin4', 'http://tool/', '/pgadmin4/', 'proxy_redirect / /pgadmin4/;'),
    },
    { title: 'Grafana at the root', files: tree(grafana(''), 'http://tool:3000', '/') },
    { title: 'a path of Grafana itself', files: tree(grafana(''), 'http://tool:3000', '/api/live/') },
    {
      title: 'phpMyAdmin with its path',
      files: tree(
        conf`
          image: phpmyadmin
          environment:
            PMA_ABSOLUTE_URI: https://ops.example.org/pma/
        `,
        'http://tool/',
        '/pma/',
      ),
    },
    {
      title: 'Jupyter with its path, and a path of its own',
      files: tree(
        conf`
          image: jupyter/scipy-notebook
          command: start-notebook.py --ServerApp.base_url=/lab
        `,
        'http://tool:8888',
        '/lab/',
      ),
    },
    {
      title: 'pgAdmin with its path',
      files: tree(
        conf`
          image: dpage/pgadmin4:8
          environment:
            SCRIPT_NAME: /pgadmin
        `,
        'http://tool:80',
        '/pgadmin/',
      ),
    },
    {
      title: 'Prometheus with its address',
      files: tree(
        conf`
          image: prom/prometheus:v2.53.0
          command: --config.file=/etc/prometheus/prometheus.yml --web.external-url=/prometheus/
        `,
        'http://tool:9090',
        '/prometheus/',
      ),
    },
    {
      title: 'Kibana that takes the path away itself',
      files: tree(
        conf`
          image: docker.elastic.co/kibana/kibana:8.13.0
          environment:
            SERVER_BASEPATH: /kibana
            SERVER_REWRITEBASEPATH: "true"
        `,
        'http://tool:5601',
        '/kibana/',
      ),
    },
    { title: 'another program', files: tree('image: example/tool:1', 'http://tool:3000/', '/grafana/') },
  ],
  *check({ connections, machines }) {
    const isAnywhere = machines.some(({ container, files }) =>
      container === null
        ? INSTALLED.some(({ file }) => files.kind(file) === 'file')
        : toolOf(container) !== null,
    )
    if (!isAnywhere) return
    for (const connection of connections.http) {
      const { block, pass, server } = connection
      if (block.name !== 'location' || connection.headers.open) continue
      const { modifier, name } = readLocation(block)
      if ((modifier !== '' && modifier !== '^~') || !/^\/[\w.~-]+(?:\/[\w.~-]+)*\/?$/.test(name)) continue
      const passed = passedPath(server.configuration, block, pass)
      if (passed === null) continue
      // What is rewritten may get another path, and a header may tell it.
      const { rewrite } = passed
      if (block.children.some(child => child !== rewrite && changesPaths(child))) continue
      if (connection.headers.written.some(each => /prefix|script-name|forwarded-path/.test(each.name)))
        continue
      const at = rewrite === null ? argumentPlace(pass, 0) : argumentPlace(rewrite, 1)
      const path = name.replace(/\/$/, '')
      for (const { machine, local, port } of connection.targets) {
        const container = machine?.container ?? null
        const isTaken = passed.sent === '/'
        const isWhole = passed.sent === passed.taken
        const installed =
          container === null && (isTaken || isWhole)
            ? installedUntold(connection, local, port, path, isTaken)
            : null
        if (installed !== null)
          yield {
            at,
            message: installed.message,
            cause: server.directive,
            aspect: installed.message,
            also: ALSO,
            label: isTaken ? `\`${path}\` is taken away` : `\`${path}\` is passed on`,
            related: [{ at: installed.at, message: installed.name }],
            help: writing(installed.help, prefixOf(path, installed.word)),
          }
        const tool = container === null ? null : toolOf(container)
        if (container === null || tool === null) continue
        if (!isTaken && (!isWhole || !path.includes(tool.word))) continue
        if (isTaken && tool.isRelative === true) continue
        const said = faultOf(container, tool, path, isTaken)
        if (said === null) continue
        yield {
          at,
          message: said.message,
          cause: server.directive,
          aspect: said.message,
          also: ALSO,
          label: isTaken ? `\`${path}\` is taken away` : `\`${path}\` is passed on`,
          related: [{ at: container.service.image?.at ?? container.service.at, message: tool.name }],
          help: writing(said.help, prefixOf(path, tool.word)),
        }
      }
    }
  },
})

/** True for a line that may give a request, a page or a redirect another path; `proxy_redirect off` leaves them alone. */
function changesPaths({ name, args }: NginxDirective): boolean {
  const isOff = name === 'proxy_redirect' && args.length === 1 && args[0]?.value === 'off'
  return !isOff && /^(?:rewrite|sub_filter|proxy_redirect|return)$/.test(name)
}

/** The program of the same machine that answers at a port, where its own file does not name the path. */
function installedUntold(
  { from }: NginxConnection,
  local: boolean | undefined,
  port: number | null,
  path: string,
  isTaken: boolean,
): {
  readonly name: string
  readonly word: string
  readonly message: string
  readonly help: string
  readonly at: Place
} | null {
  const { files, container } = from.machine
  if (container !== null || local !== true) return null
  for (const each of INSTALLED) {
    const { name, word, file, environment, defaults, port: ported, usual, told, serves, help } = each
    const source = sourceAt(files, file)
    if (source === null || Number(ported.exec(source.code)?.[1] ?? usual) !== port) continue
    if (environment.test(sourceAt(files, defaults)?.code ?? '')) return null
    const written = told.exec(source.code)
    const value = written?.[1] ?? ''
    if (/[\0\uFFFD\uE000${}]/.test(value)) return null
    const prefix = toldPrefix(value, path)
    if (written !== null && prefix !== null) {
      if (isTaken || serves.test(source.code)) return null
      const start = written.index + written[0].length - value.trimStart().length
      const at = { source, start, end: start + value.trim().length }
      return { name, word, at, ...passedOn(name, prefix) }
    }
    if (!isTaken && !path.includes(word)) return null
    return {
      name,
      word,
      help,
      message: untold(name, prefixOf(path, word)),
      at: { source, start: 0, end: Math.max(source.text.search(/\r?\n|$/), 1) },
    }
  }
  return null
}

/** Names of variables end with `_PATH`, too. */
function writing(line: string, path: string): string {
  return `Write \`${line.replace(/(?<![A-Z_])PATH/g, path)}\``
}

function untold(name: string, path: string, does = 'makes its addresses from `/`'): string {
  return `${name} ${does}, and nothing tells it that it stands below \`${path}\``
}

/** How much of the path a value names: all of it, or what a location of one of the program's own paths stands below. */
function toldPrefix(value: string, path: string): string | null {
  if (value.includes(path.slice(1))) return path
  const words = value.split(/[\s"']+/).map(word => word.replace(/\/$/, ''))
  const isTold = (prefix: string): boolean =>
    words.some(word => word.endsWith(prefix) || word.endsWith(`=${prefix.slice(1)}`))
  return prefixes(path).find(isTold) ?? null
}

/** The paths above a path, the longest first, without `/`. */
function prefixes(path: string): readonly string[] {
  const parts = path.split('/').slice(1, -1)
  return parts.map((_, index) => `/${parts.slice(0, parts.length - index).join('/')}`)
}

/** Up to the name of the program: what is below is a path of its own, as `/grafana/api/live` is. */
function prefixOf(path: string, word: string): string {
  return [...prefixes(path)].reverse().find(prefix => prefix.includes(word)) ?? path
}

/** What comes of a path that a program puts before its addresses, and does not expect in requests. */
function passedOn(name: string, path: string): { readonly message: string; readonly help: string } {
  return name === 'Grafana'
    ? {
        message: `Grafana leaves it to the proxy to take \`${path}\` away, and nginx passes it on: it redirects to its login for ever`,
        help: 'serve_from_sub_path = true',
      }
    : {
        message: `${name} leaves it to the proxy to take \`${path}\` away, and nginx passes it on: 404`,
        help: 'server.rewriteBasePath: true',
      }
}

function toolOf({ base, service }: Container): Tool | null {
  if (base === null || service.build !== null || !service.complete) return null
  return TOOLS.find(({ image }) => image.test(base)) ?? null
}

/** What goes wrong; null where it is told, or may be. */
function faultOf(
  container: Container,
  tool: Tool,
  path: string,
  isTaken: boolean,
): { readonly message: string; readonly help: string } | null {
  const { service, mounts, hostFiles } = container
  if (mounts.some(({ target }) => target === tool.configuration || mayConfigure(tool, target))) return null
  if (!serviceVariables(service, hostFiles).complete) return null
  const variables = containerVariables(container)
  if (variables.some(({ name, value }) => value?.known !== true && tool.told.test(`${name}=`))) return null
  const written = [
    ...variables.map(({ name, value }) => `${name}=${value?.known === true ? value.value : ''}`),
    ...[...(service.command?.words ?? []), ...(service.entrypoint?.words ?? [])].map(({ text }) => text),
  ]
  // The value of an option may be the word behind it.
  const told = written.filter(
    (text, index) => tool.told.test(text) || tool.told.test(written[index - 1] ?? ''),
  )
  if (written.some(text => /[\0\uFFFD\uE000]/.test(text))) return null
  const prefix = told.map(text => toldPrefix(text, path)).find(each => each !== null) ?? null
  if (prefix === null)
    return {
      message: untold(
        tool.name,
        prefixOf(path, tool.word),
        isTaken || tool.isRelative ? tool.does : undefined,
      ),
      help: tool.help,
    }
  const takes = written.some(text =>
    /^(?:SERVER_REWRITEBASEPATH|GF_SERVER_SERVE_FROM_SUB_PATH)=["']?true|server\.serve_from_sub_path/i.test(
      text,
    ),
  )
  if (!/^(?:Kibana|Grafana)$/.test(tool.name) || isTaken || takes) return null
  const variable = tool.name === 'Kibana' ? 'SERVER_REWRITEBASEPATH' : 'GF_SERVER_SERVE_FROM_SUB_PATH'
  return { message: passedOn(tool.name, prefix).message, help: `${variable}: "true"` }
}

function mayConfigure({ configuration }: Tool, target: string): boolean {
  return target.startsWith(`${configuration}/`) && /\.(?:ini|ya?ml|properties|conf)$/.test(target)
}
