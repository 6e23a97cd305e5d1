import { posix } from 'node:path'
import type { ChartContainer } from '../../parsers/kubernetes/read-chart.ts'
import { isBelow } from '../../parsers/text/is-below.ts'
import { chartsOf } from '../../src/deployment/kubernetes/charts.ts'
import {
  springProject,
  springProjectsAround,
  type SpringProject,
} from '../../src/deployment/kubernetes/spring-projects.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { kubernetesDeployment } from '../_deployment-examples.ts'
import { portOf } from './_labels.ts'
import { selfChecksOfSpring } from './_spring-checks.ts'

const SETTINGS = conf`
  server:
    port: 8080
    servlet:
      context-path: /billing
  management:
    endpoint:
      health:
        probes:
          enabled: true
`
const deployed = (probe: string, settings = SETTINGS, env = ''): Record<string, string> => ({
  'src/main/resources/application.yml': settings,
  'deploy/web.yaml': kubernetesDeployment({
    name: 'billing',
    image: 'registry.example.org/billing:1.4',
    container: conf`
      ${env}
      ports:
        - { name: http, containerPort: 8080 }
      ${probe}
    `,
  }),
})
const live = (path: string, port = 'http'): string => conf`
  livenessProbe:
    httpGet:
      path: ${path}
      port: ${port}
`
const chart = (path: string, values: string): Record<string, string> => ({
  'src/main/resources/application.properties': 'server.servlet.context-path=/billing\n',
  'charts/billing/Chart.yaml': 'apiVersion: v2\nname: billing\nversion: 1.0.0\n',
  'charts/billing/values.yaml': values,
  'charts/billing/templates/deployment.yaml': kubernetesDeployment({
    api: 'apps/v1',
    metadata: 'name: {{ .Release.Name }}-billing',
    name: '{{ .Chart.Name }}',
    image: '"{{ .Values.image.repository }}:{{ .Chart.AppVersion }}"',
    container: conf`
      ports:
        - { name: http, containerPort: 8080 }
      ${path}
    `,
  }),
})
const VALUES = conf`
  image:
    repository: registry.example.org/billing
`
const composed = (test: string, more = ''): Record<string, string> => ({
  'compose.yaml': conf`
    services:
      billing:
        build: .
        healthcheck:
          test: ${test}
        ${more}
  `,
  Dockerfile: conf`
    FROM eclipse-temurin:21-jre
    COPY target/billing.jar /app.jar
    ENTRYPOINT ["java", "-jar", "/app.jar"]
  `,
  'src/main/resources/application.yml': SETTINGS,
})

export default defineRule({
  summary: 'A health check asks Spring Boot for a path that is not below its `context-path`',
  severity: 'error',
  confidence: 'medium',
  since: '0.1.0',
  why: 'With `server.servlet.context-path` everything is answered below that path, the endpoints of the actuator too, as long as they have no port of their own. What is asked outside of it is answered with 404: a `readinessProbe` keeps the pod out of its Services, and after a `livenessProbe` Kubernetes starts the container again, for ever.',
  remedy:
    'Write the path with `context-path` in front, or give the actuator a port of its own by `management.server.port`',
  references: [
    'https://docs.spring.io/spring-boot/reference/actuator/monitoring.html#actuator.monitoring.customizing-management-server-context-path',
    'https://docs.spring.io/spring-boot/reference/actuator/endpoints.html#actuator.endpoints.kubernetes-probes',
  ],
  unproven: 'The live tests start no Java',
  bad: [
    { title: 'a probe', files: deployed(live('«/actuator/health/liveness»')) },
    { title: 'by the number of the port', files: deployed(live('«/actuator/health»', '8080')) },
    {
      title: 'a value of the chart',
      files: chart(live('«{{ .Values.livePath }}»'), `${VALUES}livePath: /actuator/health/liveness\n`),
    },
    {
      title: 'a probe that the chart has in its values',
      files: chart(
        conf`
          {{- with .Values.readinessProbe }}
          readinessProbe:
            {{- toYaml . | nindent 12 }}
          {{- end }}
        `,
        conf`
          ${VALUES}
          readinessProbe:
            httpGet:
              path: «/actuator/health/readiness»
              port: http
        `,
      ),
    },
    {
      title: 'a health check of Compose',
      files: composed('«curl -f http://localhost:8080/actuator/health»'),
    },
  ],
  good: [
    { title: 'below the path', files: deployed(live('/billing/actuator/health/liveness')) },
    {
      title: 'a port of its own',
      files: deployed(
        live('/actuator/health/liveness', '8081'),
        conf`
          ${SETTINGS}
            server:
              port: 8081
        `,
      ),
    },
    {
      title: 'another path of the environment',
      files: deployed(
        live('/actuator/health'),
        SETTINGS,
        conf`
          env:
            - { name: SERVER_SERVLET_CONTEXT_PATH, value: / }
        `,
      ),
    },
    {
      title: 'no path',
      files: deployed(live('/actuator/health'), SETTINGS.replace(/ {2}servlet:\n.*\n/, '')),
    },
    {
      title: 'in a profile',
      files: {
        ...deployed(live('/actuator/health')),
        'src/main/resources/application-prod.yml': conf`
          server:
            servlet:
              context-path: /
        `,
      },
    },
    {
      title: 'another path of the actuator',
      files: chart(live('{{ .Values.livePath }}'), `${VALUES}livePath: /billing/actuator/health\n`),
    },
    {
      title: 'a health check of Compose below the path',
      files: composed('curl -f http://localhost:8080/billing/actuator/health'),
    },
    {
      title: 'a health check of Compose, and another path of the environment',
      files: composed(
        'curl -f http://localhost:8080/actuator/health',
        'environment: ["SERVER_SERVLET_CONTEXT_PATH=/"]',
      ),
    },
  ],
  *check(deployment) {
    yield* probesOutside(deployment)
    for (const { project, at, path } of selfChecksOfSpring(deployment))
      yield outside(project, path, at, 'the health check')
  },
})

function outside(
  { contextPath, at }: SpringProject,
  path: string,
  probed: RuleFinding['at'],
  who: string,
): RuleFinding {
  return {
    at: probed,
    message: `${who} asks for \`${path}\`, and Spring Boot answers everything below \`${contextPath}\`: 404`,
    label: 'outside of `context-path`',
    related: [{ at, message: 'everything is answered below this path' }],
    help: `Write \`${contextPath}${path}\``,
  }
}

/** What may give the actuator or the application another path, in manifests and values of a chart. */
const MOVED =
  /context[-_]?path|base[-_]?path|management[._]|SPRING_APPLICATION_JSON|SPRING_CONFIG|\/config\b|application\.(?:ya?ml|properties)/i

/** Probes of the actuator that leave out the path of the project whose image a pod runs. */
function* probesOutside(deployment: Deployment): Iterable<RuleFinding> {
  const loose = deployment.machines.flatMap(({ loose: own }) => own ?? [])[0]
  if (loose === undefined) return
  for (const { name, pods, sources } of chartsOf(deployment)) {
    if (sources.some(({ text }) => MOVED.test(text))) continue
    const [source] = sources
    for (const container of pods.flat()) {
      const asked = container.probes.filter(
        ({ http }) => http !== null && /^\/actuator(?:\/|$)/.test(http.path),
      )
      if (asked.length === 0 || source === undefined || container.hasCommand) continue
      const settings = springProjectsAround(loose.files, posix.dirname(source.path))
      const projects = settings.flatMap(each => springProject(loose.files, each) ?? [])
      const project =
        settings.length === 1 ? projects[0] : projects.find(each => isNamed(each, container, name))
      if (project === undefined) continue
      for (const { name: probe, http, port, at } of asked)
        if (portOf(container, port) === project.port && !isBelow(http!.path, project.contextPath))
          yield outside(project, http!.path, http!.pathAt ?? at, `\`${probe}\``)
    }
  }
}

/** True where the directory of a project is called as its image, its container or its chart. */
function isNamed({ name }: SpringProject, { name: own, repository }: ChartContainer, chart: string): boolean {
  return [own, chart, posix.basename(repository ?? '')].includes(name)
}
