import { groupBy } from '../../parsers/collections/group-by.ts'
import type { SecretVariable } from '../../parsers/kubernetes/read-secret-values.ts'
import { clusterFiles } from '../../src/deployment/kubernetes/cluster-files.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { kubernetesDeployment } from '../_deployment-examples.ts'

const encoded = (text: string): string => Buffer.from(text).toString('base64')
const LINE = encoded('correct horse')
const WITH_END = encoded('correct horse\n')

const FROM_KEY = conf`
  env:
    - name: DB_PASSWORD
      valueFrom:
        secretKeyRef: { name: web-db, key: password }
`
const ALL = conf`
  envFrom:
    - secretRef: { name: web-db }
`

const tree = (
  data: string,
  { container = FROM_KEY, image = 'example/web:1', type = 'Opaque', metadata = 'name: web' } = {},
): Record<string, string> => ({
  'k8s/secret.yaml': conf`
    apiVersion: v1
    kind: Secret
    metadata: { name: web-db }
    type: ${type}
    data:
      ${data}
  `,
  'k8s/web.yaml': kubernetesDeployment({ container, image, metadata }),
})

export default defineRule({
  summary: 'A password in a Secret of Kubernetes ends in a line feed',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: '`echo` writes a line feed behind its text, and `base64` encodes it with the rest: such values end in `Cg==`, `o=` or `K`. Kubernetes gives the container all of it, and a line feed is part of a password, a name or a token as any other character: `password authentication failed`, an unknown host, `Invalid header value`.',
  remedy: 'Encode the text alone: `echo -n … | base64`, or write it as it is into `stringData`',
  references: [
    'https://kubernetes.io/docs/concepts/configuration/secret/#restriction-names-data',
    'https://kubernetes.io/docs/tasks/configmap-secret/managing-secret-using-config-file/',
  ],
  unproven: 'The live tests have no cluster; what base64 decodes to, everybody sees',
  bad: [
    { title: 'a password', files: tree(`password: «${WITH_END}»`) },
    {
      title: 'a host and a name, among all other keys',
      files: tree(
        conf`
          DB_HOST: «${encoded('db.example.org\n')}»
          DATABASE_URL: ${encoded('postgres://web@db/web\n')}
          DB_USER: «"${encoded('webapp\n')}"»
          LANGUAGE: ${encoded('en\n')}
        `,
        { container: ALL },
      ),
    },
    {
      title: 'the line end of Windows',
      files: tree(`password: «${encoded('correct horse\r\n')}»`),
    },
  ],
  good: [
    { title: 'the text alone', files: tree(`password: ${LINE}`) },
    {
      title: 'a text of several lines, one that is no text, and a number',
      files: tree(
        conf`
          password: ${encoded('one\ntwo\n')}
          token: ${Buffer.from([0, 200, 10]).toString('base64')}
          DB_PORT: ${encoded('5432\n')}
        `,
        { container: ALL },
      ),
    },
    {
      title: 'a key that only has to be long, and JSON',
      files: tree(
        conf`
          SECRET_KEY: ${WITH_END}
          SERVICE_URL: ${encoded('{"a": 1}\n')}
        `,
        { container: ALL },
      ),
    },
    { title: 'a file', files: tree(`password: ${WITH_END}`, { container: '' }) },
    {
      title: 'the database has it from there, too',
      files: {
        ...tree(`password: ${WITH_END}`),
        'k8s/db.yaml': kubernetesDeployment({
          metadata: 'name: db',
          name: 'db',
          image: 'mysql:8',
          container: FROM_KEY.replace('DB_PASSWORD', 'MYSQL_PASSWORD'),
        }),
      },
    },
    {
      title: 'of another namespace',
      files: tree(`password: ${WITH_END}`, { metadata: '{ name: web, namespace: shop }' }),
    },
    { title: 'what a chart fills in', files: tree('password: {{ .Values.password | b64enc }}') },
  ],
  *check(deployment) {
    const { values, variables } = clusterFiles(deployment)?.secretValues ?? { values: [], variables: [] }
    const ended = values.filter(({ isLineWithEnd }) => isLineWithEnd)
    if (ended.length === 0) return
    const bySecret = groupBy(variables, ({ secret, namespace }) => `${namespace ?? ''}/${secret}`)
    for (const { secret, namespace, key, at } of ended) {
      const users = (bySecret.get(`${namespace ?? ''}/${secret}`) ?? []).filter(
        each => each.key === null || each.key === key,
      )
      const user = users.find(({ variable }) => TAKEN_AS_IT_IS.test(variable ?? key))
      // Who gives it to a server of its own, or to several programs, may have the same line feed on both sides.
      if (user === undefined || new Set(users.map(({ image }) => image)).size > 1 || users.some(isServer))
        continue
      const name = user.variable ?? key
      yield {
        at,
        message: `\`${key}\` is encoded with a line feed at its end, which is part of what the container gets as \`${name}\``,
        label: 'ends in a line feed',
        related: [{ at: user.at, message: 'the container gets it here' }],
        help: 'Encode it again: `echo -n … | base64`',
      }
    }
  },
})

/** What a server compares or looks up: a key that only signs may be any text, and many a parser of URLs passes over white space. */
const TAKEN_AS_IT_IS =
  /(?:^|[_.-]|(?<=[a-z])(?=[A-Z]))(?:password|passwd|pass|pwd|user|username|host|hostname|token|api[_-]?key)$/i

/** Servers that make an account of what they are given, and programs that nobody knows the like of. */
function isServer({ image }: SecretVariable): boolean {
  return (
    image === '' ||
    /(?:^|\/)[\w-]*(?:mysql|mariadb|percona|postgres|postgis|timescale|mongo|redis|valkey|rabbitmq|minio|keycloak|elastic|opensearch|neo4j|clickhouse|influx)/i.test(
      image,
    )
  )
}
