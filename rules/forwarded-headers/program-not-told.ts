import { nginxMain, tlsVirtualHost } from '../_examples.ts'
import { posix } from 'node:path'
import { matchedPlace, type Place, type Source } from '../../parsers/text/source.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { frontLine } from '../../src/deployment/front-lines.ts'
import { containersOnHost } from '../../src/deployment/containers/read-containers.ts'
import { allProjects } from '../containers/_compose-projects.ts'
import { isLoopback } from '../../src/servers/address.ts'
import { type IpScope, parseIp, scopeOf } from '../../src/servers/addresses/ip.ts'
import type { Connection, Deployment, Target } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { placeOf } from '../../parsers/text/written-text.ts'
import { valueOrNull } from '../../src/servers/fact.ts'
import { sourceAt } from '../../src/files/file-system.ts'
import { appBehind } from '../containers/_examples.ts'
import { containerByName } from '../containers/_container-by-name.ts'
import { containerVariables } from '../containers/_container-variables.ts'
import { serviceVariables } from '../../src/deployment/containers/service-variables.ts'
import { springFault } from './_spring-boot.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { serverBehind } from '../../src/deployment/server-behind.ts'
import { serviceUnit } from '../app-server/_examples.ts'
import { httpOf, proxyFault } from './_home-assistant.ts'
import { nextcloudUntold } from './_nextcloud.ts'

const tree = (
  service: string,
  target: string,
  more: Record<string, string> = {},
): Record<string, string> => ({
  ...appBehind(
    service,
    conf`
    server {
        listen 443 ssl;
        server_name app.example.org;
        ssl_certificate /etc/ssl/app.pem;
        ssl_certificate_key /etc/ssl/app.key;
        location / {
            proxy_pass http://app:${target};
            proxy_set_header Host $host;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto $scheme;
        }
    }
  `,
  ),
  ...more,
})
const keycloak = (lines: string, mark = (image: string): string => image): Record<string, string> =>
  tree(
    conf`
      image: ${mark('quay.io/keycloak/keycloak:25.0')}
      command: start
      environment:
        KC_HTTP_ENABLED: "true"
        ${lines}
    `,
    '8080',
  )
const nextcloud = (lines: string, image = 'nextcloud:29-apache'): Record<string, string> =>
  tree(
    conf`
      image: ${image}
      volumes: ["html:/var/www/html"]
      environment:
        NEXTCLOUD_TRUSTED_DOMAINS: app.example.org
        ${lines}
    `,
    '80',
  )
/** Without the line by which nginx sends the scheme. */
const unsaid = (files: Record<string, string>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(files).map(([path, text]) => [path, text.replace(/^.*X-Forwarded-Proto.*\n/m, '')]),
  )
/** Nextcloud and nginx in a project each. */
const inProjects = (lines: string, network: string): Record<string, string> => ({
  'cloud/docker-compose.yml': conf`
    services:
      app:
        image: nextcloud:29
        environment:
          ${lines}
        networks: [${network}]
    networks:
      ${network}: { external: true }
  `,
  'edge/docker-compose.yml': conf`
    services:
      web:
        image: nginx:1.27
        volumes: ["./site.conf:/etc/nginx/conf.d/default.conf:ro"]
        networks: [edge]
    networks:
      edge: { name: edge }
  `,
  'edge/site.conf': unsaid(nextcloud(''))['site.conf'] ?? '',
})
const homeAssistant = (configuration: string): Record<string, string> =>
  tree(
    conf`
      image: ghcr.io/home-assistant/home-assistant:stable
      volumes: ["./config:/config"]
    `,
    '8123',
    { 'config/configuration.yaml': configuration },
  )
const onNetwork = (configuration: string): Record<string, string> => {
  const files = homeAssistant(configuration)
  return {
    ...files,
    'docker-compose.yml': conf`
      ${files['docker-compose.yml']!}
      networks:
        default:
          ipam:
            config:
              - subnet: 172.28.0.0/24
    `,
  }
}
/** Apache of the machine in front of a container that publishes its port. */
const behindApache = (service: string, port: string, more: Record<string, string> = {}) => ({
  'docker-compose.yml': conf`
    services:
      app:
        ${service}
        ports: ["127.0.0.1:8080:${port}"]
  `,
  'apache/app.conf': tlsVirtualHost(
    ['RequestHeader set X-Forwarded-Proto https', 'ProxyPass / http://127.0.0.1:8080/'],
    'app.example.org',
  ),
  ...more,
})
const keycloakBehindApache = (image: string, lines = '') =>
  behindApache(
    conf`
      image: ${image}
      command: start
      environment:
        KC_HTTP_ENABLED: "true"
        KC_HOSTNAME_STRICT: "false"
        ${lines}
    `,
    '8080',
  )
/** nginx in a container, and Home Assistant in the network of the host. */
const onHost = (trusted: string, target = 'host.docker.internal', front = ''): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      homeassistant:
        image: ghcr.io/home-assistant/home-assistant:stable
        network_mode: host
        volumes: ["./config:/config"]
      web:
        image: nginx
        ports: ["443:443"]
        volumes: ["./site.conf:/etc/nginx/conf.d/default.conf:ro"]
        extra_hosts: ["host.docker.internal:host-gateway"]
        networks: [proxy]
    networks:
      proxy:
        ${front}
  `,
  'site.conf': conf`
    server {
        listen 443 ssl;
        server_name ha.example.org;
        ssl_certificate /etc/ssl/ha.pem;
        ssl_certificate_key /etc/ssl/ha.key;
        location / {
            proxy_pass http://${target}:8123;
            proxy_set_header Host $host;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        }
    }
  `,
  'config/configuration.yaml': conf`
    http:
      use_x_forwarded_for: true
      trusted_proxies:
        ${trusted}
  `,
})
/** The same beside another container, with Apache of the machine in front. */
const homeAssistantOfMachine = (trusted: string): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      homeassistant:
        image: homeassistant/home-assistant:stable
        network_mode: host
        volumes: ["./config:/config"]
      mosquitto:
        image: eclipse-mosquitto:2
        ports: ["1883:1883"]
  `,
  'apache/ha.conf': tlsVirtualHost(['ProxyPass / http://127.0.0.1:8123/'], 'ha.example.org'),
  'config/configuration.yaml': conf`
    http:
      use_x_forwarded_for: true
      trusted_proxies: [${trusted}]
  `,
})
const SUBNET = 'ipam:\n  config:\n    - subnet: 172.30.33.0/24'
const maven = (release: string, more = ''): string => conf`
  <project>
    <parent>
      <groupId>org.springframework.boot</groupId>
      <artifactId>spring-boot-starter-parent</artifactId>
      <version>${release}</version>
    </parent>
    <dependencies>
      <dependency><artifactId>spring-boot-starter-web</artifactId></dependency>
      ${more}
    </dependencies>
  </project>
`
/** Spring Boot that systemd starts where it was built, and nginx with TLS in front of it. */
const spring = (
  lines: string,
  {
    release = '3.2.4',
    dependency = '',
    unit = '',
    name = 'application.properties',
    files = {},
  }: {
    readonly release?: string
    readonly dependency?: string
    readonly unit?: string
    readonly name?: string
    readonly files?: Record<string, string>
  } = {},
): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(conf`
    server {
        listen 443 ssl;
        server_name portal.example.org;
        ssl_certificate /etc/ssl/portal.pem;
        ssl_certificate_key /etc/ssl/portal.key;
        location / {
            proxy_pass http://127.0.0.1:8080;
            proxy_set_header Host $host;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto $scheme;
        }
    }
  `),
  'etc/systemd/system/portal.service': serviceUnit('/usr/bin/java -jar target/portal.jar', unit),
  'etc/shop/pom.xml': maven(release, dependency),
  [`etc/shop/src/main/resources/${name}`]: lines,
  ...files,
})
const FORMER = 'server.port=8080\nserver.use-forward-headers=true\n'
const GOOGLE = conf`
  server.port=8080
  spring.security.oauth2.client.registration.google.client-id=portal
`
/** The same where the jar and the settings beside it are all there is. */
const ofJar = (settings: string): Record<string, string> => {
  const { 'etc/nginx/nginx.conf': front = '' } = spring('')
  return {
    'etc/nginx/nginx.conf': front,
    'etc/systemd/system/portal.service': serviceUnit(
      '/usr/bin/java -jar /opt/portal/portal.jar --spring.config.location=/opt/portal/config/application.properties',
    ),
    'opt/portal/config/application.properties': settings,
  }
}
const OAUTH = '<dependency><artifactId>spring-boot-starter-oauth2-client</artifactId></dependency>'
const gitlab = (lines: string): Record<string, string> =>
  tree(
    conf`
      image: gitlab/gitlab-ce:16.11.0-ce.0
      environment:
        GITLAB_OMNIBUS_CONFIG: |
          ${lines}
    `,
    '80',
  )

export default defineRule({
  summary: 'A program is not told that nginx or Apache terminates TLS in front of it',
  severity: 'warning',
  otherSeverities: { error: 'where it answers no request at all, or redirects https to https for ever' },
  confidence: 'high',
  since: '0.1.0',
  why: 'nginx and Apache send `X-Forwarded-Proto` and `X-Forwarded-For`, and each program asks for a line of its own before it takes them. Without it Keycloak makes `http://` addresses, which browsers block in its pages; Home Assistant answers 400 to every request that has the header; the nginx inside of GitLab redirects to the port of TLS, which comes back through the same proxy; Nextcloud writes `http://` into pages of https; Spring Boot names `http://` in the `redirect_uri` of OAuth, and passes over the property of a former release without a word. A Keycloak that is started for production speaks TLS itself, and without a certificate does not start before it is allowed to do without.',
  remedy:
    "`KC_PROXY_HEADERS: xforwarded` for Keycloak, before release 24 `KC_PROXY: edge`, `http: trusted_proxies` for Home Assistant, `nginx['listen_https'] = false` and `nginx['listen_port'] = 80` for GitLab, `OVERWRITEPROTOCOL: https` for Nextcloud, `server.forward-headers-strategy=native` for Spring Boot",
  references: [
    'https://www.keycloak.org/server/reverseproxy',
    'https://www.home-assistant.io/integrations/http/#reverse-proxies',
    'https://docs.spring.io/spring-boot/how-to/webserver.html#howto.webserver.use-behind-a-proxy-server',
    'https://docs.nextcloud.com/server/latest/admin_manual/configuration_server/reverse_proxy_configuration.html',
    'https://docs.gitlab.com/omnibus/settings/ssl/#configure-a-reverse-proxy-or-load-balancer-ssl-termination',
  ],
  unproven: 'The live tests start no containers, and install none of these programs',
  bad: [
    {
      title: 'Nextcloud that is sent no scheme',
      files: unsaid(nextcloud('TRUSTED_PROXIES: «172.16.0.0/12»')),
    },
    {
      title: 'Nextcloud of another project, on a network of both',
      files: inProjects('TRUSTED_PROXIES: «172.20.0.0/16»', 'edge'),
    },
    {
      title: 'Nextcloud that is told its address, and trusts nobody',
      files: nextcloud('OVERWRITECLIURL: «https://app.example.org»', 'nextcloud'),
    },
    {
      title: 'Home Assistant that trusts loopback, and Apache of the machine, which comes by the gateway',
      files: behindApache(
        conf`
          image: ghcr.io/home-assistant/home-assistant:stable
          volumes: ["./config:/config"]
        `,
        '8123',
        {
          'config/configuration.yaml': conf`
            http:
              use_x_forwarded_for: true
              trusted_proxies: [«127.0.0.1», "::1"]
          `,
        },
      ),
    },
    { title: 'Keycloak behind Apache', files: keycloakBehindApache('«quay.io/keycloak/keycloak:25.0»') },
    {
      title: 'Home Assistant behind Apache',
      files: behindApache(
        conf`
          image: ghcr.io/home-assistant/home-assistant:stable
          volumes: ["./config:/config"]
        `,
        '8123',
        { 'config/configuration.yaml': '«default_config»:\n\nautomation: []\n' },
      ),
    },
    { title: 'Keycloak', files: keycloak('KC_HOSTNAME_STRICT: "false"', image => `«${image}»`) },
    {
      title: 'Keycloak that would speak TLS itself',
      files: tree(
        conf`
          image: quay.io/keycloak/keycloak:25.0
          command: «start»
          environment:
            KC_HOSTNAME: https://app.example.org
            KC_PROXY_HEADERS: xforwarded
        `,
        '8080',
      ),
    },
    {
      title: 'Keycloak that is told as WildFly was',
      files: keycloak('PROXY_ADDRESS_FORWARDING: "«true»"'),
    },
    { title: 'Keycloak that reads another header', files: keycloak('KC_PROXY_HEADERS: «forwarded»') },
    {
      title: 'Keycloak of a release without the former variable',
      files: tree(
        conf`
          image: quay.io/keycloak/keycloak:26.1
          command: start
          environment:
            KC_HTTP_ENABLED: "true"
            KC_PROXY: «edge»
        `,
        '8080',
      ),
    },
    {
      title: 'Home Assistant',
      files: tree(
        conf`
          image: ghcr.io/home-assistant/home-assistant:stable
          volumes: ["./config:/config"]
        `,
        '8123',
        { 'config/configuration.yaml': '«default_config»:\n\nautomation: []\n' },
      ),
    },
    {
      title: 'Home Assistant that trusts its own loopback alone',
      files: homeAssistant(conf`
        http:
          use_x_forwarded_for: true
          trusted_proxies:
            - «127.0.0.1»
            - ::1
      `),
    },
    {
      title: 'Home Assistant that trusts another network',
      files: onNetwork(conf`
        http:
          use_x_forwarded_for: true
          trusted_proxies: «172.30.33.0/24»
      `),
    },
    {
      title: 'Home Assistant with half of what it asks for',
      files: homeAssistant(conf`
        http:
          «trusted_proxies»: [172.16.0.0/12]
      `),
    },
    {
      title: 'Home Assistant that is told not to use the header',
      files: homeAssistant(conf`
        http:
          use_x_forwarded_for: «false»
          trusted_proxies: [172.16.0.0/12]
      `),
    },
    {
      title: 'Home Assistant with an address in place of a network',
      files: homeAssistant(conf`
        http:
          use_x_forwarded_for: true
          trusted_proxies:
            - «172.18.0.1/16»
      `),
    },
    {
      title: 'Home Assistant in the network of the host, behind a container with another network',
      files: onHost('- «127.0.0.1»\n- ::1', undefined, SUBNET),
    },
    {
      title: 'Home Assistant in the network of the host that trusts the address of the host',
      files: onHost('- «192.168.1.20»', '192.168.1.20'),
    },
    {
      title: 'Home Assistant in the network of the host that trusts Docker alone, behind nginx of the host',
      files: homeAssistantOfMachine('«172.16.0.0/12»'),
    },
    {
      title: 'a login of Spring Boot, of which the jar and its settings are there',
      files: ofJar(GOOGLE.replace('8080', '«8080»')),
    },
    {
      title: 'Spring Boot with the property of a former release',
      files: spring('server.port=8080\nserver.use-forward-headers=«true»\n'),
    },
    {
      title: 'the same in YAML, of an image',
      files: {
        ...tree('build: .', '8080', {
          Dockerfile: conf`
            FROM eclipse-temurin:17-jre
            COPY build/libs/portal.jar /portal.jar
            ENTRYPOINT ["java", "-jar", "/portal.jar"]
          `,
          'build.gradle': conf`
            plugins {
                id 'java'
                id 'org.springframework.boot' version '2.7.18'
            }
            dependencies {
                implementation 'org.springframework.boot:spring-boot-starter-web'
            }
          `,
          'src/main/resources/application.yml': conf`
            server:
              port: 8080
              tomcat:
                remote-ip-header: «x-forwarded-for»
                protocol-header: x-forwarded-proto
          `,
        }),
      },
    },
    {
      title: 'a variable with the name of the former property',
      files: spring('server.port=8080\n', { unit: 'Environment=SERVER_USE_FORWARD_HEADERS=«true»' }),
    },
    {
      title: 'a login with OAuth that nothing tells of TLS',
      files: spring(GOOGLE, {
        dependency: OAUTH.replace('>spring', '>«spring').replace('client<', 'client»<'),
      }),
    },
    { title: 'GitLab', files: gitlab("external_url '«https://gitlab.example.org»'") },
  ],
  good: [
    {
      title: 'Nextcloud that is told the scheme',
      files: unsaid(nextcloud('TRUSTED_PROXIES: 172.16.0.0/12\nOVERWRITEPROTOCOL: https')),
    },
    {
      title: 'Nextcloud of another project, on a network of its own',
      files: inProjects('TRUSTED_PROXIES: 172.20.0.0/16', 'other'),
    },
    {
      title: 'Nextcloud that trusts what sends it the scheme',
      files: nextcloud('TRUSTED_PROXIES: 172.16.0.0/12'),
    },
    {
      title: 'Nextcloud that no variable tells of a proxy: its own file in the volume may',
      files: unsaid(nextcloud('')),
    },
    {
      title: 'Nextcloud that a script tells the scheme',
      files: {
        ...unsaid(nextcloud('TRUSTED_PROXIES: 172.16.0.0/12')),
        'setup.sh': 'docker compose exec app php occ config:system:set overwriteprotocol --value=https\n',
      },
    },
    {
      title: 'Home Assistant in the network of the machine, behind its Apache',
      files: behindApache(
        conf`
          image: ghcr.io/home-assistant/home-assistant:stable
          network_mode: host
          volumes: ["./config:/config"]
        `,
        '8123',
        {
          'config/configuration.yaml': conf`
            http:
              use_x_forwarded_for: true
              trusted_proxies: [127.0.0.1]
          `,
        },
      ),
    },
    {
      title: 'Home Assistant in the network of the host that trusts that of the proxy',
      files: onHost('- 127.0.0.1\n- 172.30.33.0/24', undefined, SUBNET),
    },
    {
      title:
        'Home Assistant in the network of the host that trusts a network of the house, which Docker may choose',
      files: onHost('- 192.168.0.0/16', '192.168.1.20'),
    },
    {
      title: 'Home Assistant in the network of the host behind nginx of the host',
      files: homeAssistantOfMachine('127.0.0.1'),
    },
    {
      title: 'Keycloak that reads what Apache sends',
      files: keycloakBehindApache('quay.io/keycloak/keycloak:25.0', 'KC_PROXY_HEADERS: xforwarded'),
    },
    {
      title: 'Home Assistant that trusts Apache',
      files: behindApache(
        conf`
          image: ghcr.io/home-assistant/home-assistant:stable
          volumes: ["./config:/config"]
        `,
        '8123',
        {
          'config/configuration.yaml':
            'http:\n  use_x_forwarded_for: true\n  trusted_proxies:\n    - 172.16.0.0/12\n',
        },
      ),
    },
    { title: 'Keycloak that reads the headers', files: keycloak('KC_PROXY_HEADERS: xforwarded') },
    { title: 'Keycloak that knows its address', files: keycloak('KC_HOSTNAME: https://login.example.org') },
    { title: 'Keycloak of an older release', files: keycloak('KC_PROXY: edge') },
    {
      title: 'Home Assistant that trusts the proxy',
      files: homeAssistant(conf`
        default_config:

        http:
          use_x_forwarded_for: true
          trusted_proxies:
            - 172.16.0.0/12
      `),
    },
    {
      title: 'Home Assistant that trusts the network of the proxy',
      files: onNetwork(conf`
        http:
          use_x_forwarded_for: true
          trusted_proxies:
            - 127.0.0.1
            - 172.28.0.0/24
      `),
    },
    {
      title: 'Home Assistant that trusts an address of a network that Docker chooses',
      files: homeAssistant(conf`
        http:
          use_x_forwarded_for: true
          trusted_proxies: 172.18.0.5
      `),
    },
    {
      title: 'Home Assistant with a file of its own for http',
      files: homeAssistant('default_config:\nhttp: !include http.yaml\n'),
    },
    {
      title: 'Spring Boot of a release that has the property',
      files: spring(FORMER, { release: '2.1.6.RELEASE' }),
    },
    {
      title: 'settings beside a jar that say so',
      files: ofJar(`${GOOGLE}server.forward-headers-strategy=framework\n`),
    },
    {
      title: 'a jar whose settings know no login',
      files: ofJar('server.port=8080\n'),
    },
    {
      title: 'Spring Boot with both properties',
      files: spring(`${FORMER}server.forward-headers-strategy=native\n`),
    },
    {
      title: 'Spring Boot that a variable tells',
      files: spring(FORMER, { unit: 'Environment=SERVER_FORWARD_HEADERS_STRATEGY=framework' }),
    },
    {
      title: 'Spring Boot that a file of the machine may tell',
      files: spring(FORMER, { unit: 'EnvironmentFile=/etc/default/portal' }),
    },
    {
      title: 'an application with a filter of its own',
      files: spring(FORMER, {
        files: {
          'etc/shop/src/main/java/Portal.java': conf`
            @Bean
            ForwardedHeaderFilter forwardedHeaderFilter() { return new ForwardedHeaderFilter(); }
          `,
        },
      }),
    },
    {
      title: 'an application that asks a provider for itself alone',
      files: spring(
        `${GOOGLE}spring.security.oauth2.client.registration.google.authorization-grant-type=client_credentials\n`,
        { dependency: OAUTH },
      ),
    },
    {
      title: 'a login with OAuth whose address is written out',
      files: spring(
        'server.port=8080\nspring.security.oauth2.client.registration.google.redirect-uri=https://portal.example.org/login/oauth2/code/google\n',
        { dependency: OAUTH },
      ),
    },
    {
      title: 'GitLab that leaves TLS to the proxy',
      files: gitlab(conf`
        external_url 'https://gitlab.example.org'
        nginx['listen_port'] = 80
        nginx['listen_https'] = false
      `),
    },
  ],
  *check(deployment) {
    const { connections, machines } = deployment
    const onHost = allProjects(deployment).flatMap(({ project, hostFiles }) =>
      containersOnHost(project, hostFiles).filter(each => programIn(each) === lookAtHomeAssistant),
    )
    const isSpring = programsOfKind(deployment, 'app-server').some(
      ({ server }) => server.program === 'spring',
    )
    if (
      onHost.length === 0 &&
      !isSpring &&
      !machines.some(
        ({ container }) =>
          container !== null && (programIn(container) !== null || container.projects.length > 1),
      )
    )
      return
    for (const connection of [...connections.http, ...connections.apache]) {
      if ('server' in connection && (connection.reachable === false || connection.headers.open)) continue
      const { server, url } = frontLine(connection)
      for (const target of connection.targets) {
        const application = isSpring ? serverBehind(target) : null
        const untold = application === null ? null : springFault(application, connection)
        if (untold !== null) {
          yield {
            ...untold,
            label: 'not told of the proxy',
            help: 'Set `server.forward-headers-strategy=native`',
            related: [{ at: url, message: `${server} proxies to it here` }],
          }
          continue
        }
        const container =
          target.machine?.container ??
          containerByName(connection, target) ??
          homeAssistantOnHost(onHost, connection, target)
        const program = container === null ? null : programIn(container)
        const fault =
          container === null || program === null ? null : program(container, connection, deployment)
        if (fault === null) continue
        yield {
          ...fault,
          label: 'not told of the proxy',
          related: [{ at: url, message: `${server} proxies to it here` }],
        }
      }
    }
  },
})

/** The one Home Assistant in the network of the host, where a connection leads to its port of the host. */
function homeAssistantOnHost(
  onHost: readonly Container[],
  { from }: Connection,
  { addresses, port }: Target,
): Container | null {
  const [container, ...others] = onHost
  if (container === undefined || others.length > 0 || port !== 8123) return null
  const front = from.machine.container
  const isHost = addresses.some(address =>
    front === null
      ? isLoopback(address) === true
      : address.kind === 'name'
        ? address.name === 'host-gateway'
        : address.kind === 'ip' && isLoopback(address) !== true && scopeOfText(address.ip) === 'private',
  )
  return isHost ? container : null
}

function scopeOfText(text: string): IpScope | null {
  const ip = parseIp(text)
  return ip === null ? null : scopeOf(ip)
}

interface Fault {
  readonly at: Place
  readonly severity?: 'error'
  readonly message: string
}

type Look = (container: Container, connection: Connection, deployment: Deployment) => Fault | null

const PROGRAMS: readonly (readonly [RegExp, Look])[] = [
  [/^(?:quay\.io\/)?keycloak\/keycloak$/, lookAtKeycloak],
  [
    /(?:^|\/)(?:home-assistant\/home-assistant|linuxserver\/homeassistant|homeassistant\/home-assistant)$/,
    lookAtHomeAssistant,
  ],
  [/^gitlab\/gitlab-(?:ce|ee)$/, lookAtGitlab],
  [/^nextcloud$/, (container, connection, deployment) => nextcloudUntold(deployment, container, connection)],
]

function programIn({ base, service }: Container): Look | null {
  if (base === null || service.build !== null) return null
  return PROGRAMS.find(([pattern]) => pattern.test(base))?.[1] ?? null
}

function lookAtKeycloak(container: Container, connection: Connection): Fault | null {
  const line = frontLine(connection)
  const { service, mounts } = container
  if (!/^http:/.test(connection.written) || !service.complete || service.image?.at == null) return null
  if (mounts.some(({ target }) => /^\/opt\/keycloak(?:\/conf(?:\/.*)?)?$/.test(target))) return null
  const words = service.command?.words.map(({ text }) => text) ?? []
  const [first] = service.command?.words ?? []
  if (
    first?.text !== 'start' ||
    words.some(text => /^--(?:config-file|optimized)|[\0\uFFFD\uE000]/.test(text))
  )
    return null
  const variables = containerVariables(container)
  if (!serviceVariables(service, container.hostFiles).complete) return null
  if (variables.some(({ name }) => name === 'KC_CONFIG_FILE')) return null
  const image = valueOrNull(service.image) ?? ''
  const release = Number(/:(\d{2,3})(?:[.-]|$)/.exec(image)?.[1] ?? 0)
  const isSet = (pattern: RegExp): boolean =>
    variables.some(({ name }) => pattern.test(name.toLowerCase().replace(/^kc_/, '').replaceAll('_', '-'))) ||
    words.some(text => text.startsWith('--') && pattern.test(text.slice(2).replace(/=.*$/, '')))
  // `proxy` went with release 26, in which it is passed over.
  const hasProxy = release < 26 && isSet(/^proxy$/)
  if (release >= 17 && !hasProxy && !isSet(/^(?:http-enabled|https-.*)$/))
    return {
      at: placeOf(first),
      severity: 'error',
      message:
        'Keycloak does not start without a certificate before `KC_HTTP_ENABLED` says so: Key material not provided to setup HTTPS',
    }
  const given = variables.find(({ name }) => name === 'KC_PROXY_HEADERS')?.value
  if (given?.known === true && given.at !== null && given.value === 'forwarded') {
    const sent = (name: string): boolean =>
      line.written.some(each => each.name === name && each.state === 'set')
    if (sent('x-forwarded-proto') && !sent('forwarded'))
      return {
        at: given.at,
        message: `with \`forwarded\` Keycloak reads the header \`Forwarded\` alone, and ${line.server} sends \`X-Forwarded-Proto\``,
      }
  }
  if (!line.tls) return null
  const isTold =
    hasProxy ||
    isSet(release >= 17 ? /^proxy-headers$/ : /^(?:proxy-headers|proxy-address-forwarding)$/) ||
    (release < 26 && isSet(/^hostname-url$/)) ||
    words.some(text => /^--(?:hostname(?!-strict)|proxy)/.test(text)) ||
    variables.some(
      ({ name, value }) => name === 'KC_HOSTNAME' && (value?.known !== true || value.value.includes('://')),
    )
  if (isTold) return null
  const former = variables.find(({ name }) => name === 'KC_PROXY')?.value
  if (release >= 26 && former?.known === true && former.at !== null)
    return {
      at: former.at,
      message:
        'Keycloak has no `KC_PROXY` since release 26, so it does not read `X-Forwarded-Proto`, and makes its addresses with `http://`',
    }
  const told = release >= 17 && release < 24 ? 'KC_PROXY: edge' : 'KC_PROXY_HEADERS'
  const ofWildFly = variables.find(({ name }) => name === 'PROXY_ADDRESS_FORWARDING')?.value
  if (release >= 17 && ofWildFly?.known === true && ofWildFly.at !== null)
    return {
      at: ofWildFly.at,
      message: `Keycloak has no \`PROXY_ADDRESS_FORWARDING\` since release 17: it does not read \`X-Forwarded-Proto\` before \`${told}\` says so, and makes its addresses with \`http://\``,
    }
  return {
    at: service.image.at,
    message: `Keycloak does not read \`X-Forwarded-Proto\` before \`${told}\` says so, and makes its addresses with \`http://\``,
  }
}

function lookAtHomeAssistant(container: Container, connection: Connection): Fault | null {
  const { mounts, files } = container
  const sent = frontLine(connection).header('x-forwarded-for')
  const source =
    !sent.known || !/^(?:set|appended)$/.test(sent.value.state)
      ? null
      : sourceAt(files, '/config/configuration.yaml')
  if (source === null || !mounts.some(({ target }) => posix.join(target, '/').startsWith('/config/')))
    return null
  const { code } = source
  if (/^http:[ \t]*!|packages:|^homeassistant:[ \t]*!/m.test(code)) return null
  const http = httpOf(source)
  const fault = http === null ? null : proxyFault(http, container, connection)
  if (fault !== null) return fault
  if (code.includes('trusted_proxies')) return null
  const at = firstKey(source, /^http(?=:)/m) ?? firstKey(source, /^\w+(?=:)/m)
  return at === null
    ? null
    : {
        at,
        severity: 'error',
        message:
          'Home Assistant answers 400 to what has `X-Forwarded-For`, for no `trusted_proxies` names the proxy',
      }
}

function firstKey(source: Source, pattern: RegExp): Place | null {
  const match = pattern.exec(source.code)
  return match === null ? null : matchedPlace(source, match)
}

function lookAtGitlab(container: Container, connection: Connection): Fault | null {
  if (!frontLine(connection).tls || !/^http:\/\/[^/:]+(?::80)?\/?$/.test(connection.written)) return null
  const variable = containerVariables(container).find(({ name }) => name === 'GITLAB_OMNIBUS_CONFIG')
  if (variable?.value?.known !== true || variable.value.at === null) return null
  if (container.mounts.some(({ target, path }) => target.startsWith('/etc/gitlab') && path !== null))
    return null
  const { value: text, at } = variable.value
  if (/listen_https['"]?\]?\s*=\s*false|nginx\[['"]enable['"]\]\s*=\s*false/.test(text)) return null
  const url = /(?<=^\s*external_url[\s(]+['"])https:\/\/[\w.-]+/m.exec(text)
  if (url === null) return null
  const start = at.source.text.indexOf(url[0], at.start)
  if (start === -1) return null
  return {
    at: { source: at.source, start, end: start + url[0].length },
    severity: 'error',
    message:
      'the nginx inside of GitLab listens with TLS for this address, and redirects what is proxied to its port 80 back to https',
  }
}
