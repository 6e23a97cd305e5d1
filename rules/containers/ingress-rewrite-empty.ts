import { clusterFiles } from '../../src/deployment/kubernetes/cluster-files.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { page, rewrittenIngress } from './_kubernetes-examples.ts'
import { ingressesOfValues } from './_values-of-charts.ts'

const ingress = (target: string, path: string, annotations = ''): Record<string, string> =>
  rewrittenIngress({ target, path, annotations })

export default defineRule({
  summary: 'An Ingress rewrites every URL to a group that its path does not have',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'ingress-nginx takes each path of an Ingress with `rewrite-target` for a regular expression, and `$2` for what its second group holds. A path without that group leaves it empty: whatever is asked for, the backend is asked for the same page, and pages, scripts and the API all answer with it. The annotation holds for every path of the Ingress.',
  remedy:
    'Write `path: /api(/|$)(.*)` for `rewrite-target: /$2`, and put paths that stay as they are into an Ingress of their own',
  references: [
    'https://kubernetes.github.io/ingress-nginx/examples/rewrite/',
    'https://nginx.org/en/docs/http/ngx_http_rewrite_module.html#rewrite',
  ],
  unproven:
    'The live tests have no ingress-nginx; nginx leaves a group empty that the expression does not have',
  bad: [
    { title: 'a path without groups', files: ingress('«/$2»', '/') },
    {
      title: 'groups that nothing inserts',
      files: ingress('«/»', '/api(/|$)(.*)'),
    },
    { title: 'the group of the slash', files: ingress('«/$1»', '/api(/|$)(.*)') },
    {
      title: 'the group of the slash, behind another group',
      files: ingress('«/v1/$2»', '/(shop|store)(/|$)(.*)'),
    },
    {
      title: 'the values of a chart',
      files: {
        'chart/Chart.yaml': conf`
          apiVersion: v2
          name: shop
          version: 1.0.0
        `,
        'chart/values.yaml': conf`
          ingress:
            className: nginx
            annotations:
              nginx.ingress.kubernetes.io/rewrite-target: «/$1»
            hosts:
              - host: example.org
                paths:
                  - path: /api(/|$)(.*)
                    pathType: ImplementationSpecific
        `,
        'nginx.conf': page(),
      },
    },
    { title: 'a path with one group', files: ingress('«/$2»', '/api/(.*)') },
  ],
  good: [
    {
      title: 'the values of a chart, with the group of what follows, and paths of two Ingresses',
      files: {
        'chart/values.yaml': conf`
          api:
            annotations:
              nginx.ingress.kubernetes.io/rewrite-target: /$2
            path: /api(/|$)(.*)
          front:
            annotations: {}
            path: /
        `,
        'nginx.conf': page(),
      },
    },
    { title: 'the slash with what follows it', files: ingress('$1$2', '/api(/|$)(.*)') },
    { title: 'two groups', files: ingress('/$2', '/api(/|$)(.*)') },
    { title: 'one group, and one that holds nothing', files: ingress('/$1', '/(?:shop|store)/(.*)') },
    { title: 'no group', files: ingress('/', '/') },
    { title: 'one page for many paths', files: ingress('/', '/(?:old|older)/.*') },
    {
      title: 'lines that rewrite it by themselves',
      files: ingress(
        '/$2',
        '/',
        'nginx.ingress.kubernetes.io/configuration-snippet: rewrite ^/(a)(.*)$ /$2;',
      ),
    },
    { title: 'what a chart fills in', files: ingress('/$2', '"{{ .Values.path }}"') },
  ],
  *check(deployment) {
    const cluster = clusterFiles(deployment)
    if (cluster?.hasPatches === true) return
    for (const { annotations, paths } of [
      ...(cluster?.ingresses.ingresses ?? []),
      ...ingressesOfValues(deployment),
    ]) {
      const rewrite = annotations.find(({ name }) => name === 'rewrite-target')
      if (rewrite === undefined || annotations.some(({ name }) => name.endsWith('snippet'))) continue
      const kept = paths.find(({ path }) => PASSES_ON.test(path))
      if (rewrite.value === '/' && kept !== undefined) {
        yield {
          at: rewrite.at,
          message: `the path \`${kept.path}\` keeps what follows it in a group, and this does not insert it: each of its requests is one for \`/\``,
          label: 'no group',
          related: [{ at: kept.at, message: 'the groups' }],
          help: `Write \`/$${groupsOf(kept.path)}\``,
        }
        continue
      }
      const most = Math.max(0, ...[...rewrite.value.matchAll(/\$(\d)/g)].map(([, digit]) => Number(digit)))
      if (most === 0) continue
      const slash = paths.find(({ path }) => isSlashAlone(path, rewrite.value))
      if (slash !== undefined) {
        yield {
          at: rewrite.at,
          message: `\`$${most}\` is the slash of \`(/|$)\` in \`${slash.path}\`, and what follows is \`$${most + 1}\`: each of its requests is one for \`${rewrite.value.replace(/\$\d/, '/')}\``,
          label: 'the group of the slash',
          related: [{ at: slash.at, message: 'the groups' }],
          help: `Write \`${rewrite.value.replace(/\$\d/, `$${most + 1}`)}\``,
        }
        continue
      }
      const short = paths.filter(({ path }) => path !== rewrite.value && groupsOf(path) < most)
      const [first] = short
      if (first === undefined) continue
      yield {
        at: rewrite.at,
        message: `the path \`${first.path}\` has no group \`$${most}\`, so each of its requests is one for \`${filled(rewrite.value, groupsOf(first.path))}\``,
        label: 'an empty group',
        related: short.map(({ at }) => ({ at, message: 'a path without it' })),
        help: `Write \`${first.path.replace(/\/$/, '')}(/|$)(.*)\`, or leave the annotation out`,
      }
    }
  },
})

/** A path that ends in what the documentation of ingress-nginx writes for whatever follows. */
const PASSES_ON = /^\/[\w.~/-]+(?:\(\/\|\$\)|\/)\(\.[*+]\)\$?$/

/** True where the one group that is inserted holds a slash or nothing, and the next one what follows it. */
function isSlashAlone(path: string, target: string): boolean {
  const [inserted, ...others] = [...target.matchAll(/\$(\d)/g)].map(([, digit]) => Number(digit))
  const head = /^(.*?)\((?:\/\|\$|\$\|\/|\/\??)\)\??\(\.[*+]\)\$?$/.exec(path)?.[1]
  return (
    head !== undefined && others.length === 0 && inserted !== undefined && groupsOf(head) + 1 === inserted
  )
}

/** Groups that hold something: `(?:` and what begins like it holds nothing, but one with a name. */
function groupsOf(path: string): number {
  return [
    ...path
      .replace(/\\./g, '')
      .replace(/\[[^\]]*\]/g, '')
      .matchAll(/\((?!\?(?!P?<\w|'))/g),
  ].length
}

/** What a target is where the groups behind the first ones are empty; those hold what the client asks for. */
function filled(target: string, groups: number): string {
  return target.replace(/\$(\d)/g, (written, digit: string) => (Number(digit) > groups ? '' : written))
}
