import { memo } from '../../../parsers/collections/memo.ts'
import { cleanPath } from '../../../parsers/text/clean-path.ts'
import type { Place, Source } from '../../../parsers/text/source.ts'
import { placeAcross } from '../../../parsers/text/written-text.ts'
import { type FollowedCommand, followedCommands } from './followed-commands.ts'
import { isYaml, setupCommands } from './setup-commands.ts'
import { workflowSteps } from './workflow-steps.ts'

/** `kubectl apply -f PATH`, by a text that changes nothing of the manifests, and restarts nothing. */
export interface AppliedManifest {
  /** A file or directory, as it is written. */
  readonly path: string
  /** From `kubectl` to the path. */
  readonly at: Place
}

/** What may have pods made anew, or manifests changed, wherever it stands in the text. */
const CHANGES =
  /rollout\s+(?:restart|undo)|set\s+image|kustomiz|\bsed\b|\byq\b|envsubst|helm|kubectl[^\n]*\b(?:delete|replace|patch|annotate|scale|edit|create)\b|--force|argocd|fluxcd?|skaffold|\btilt\b|werf|restartedAt|apply[^\n]*(?:-k\b|-f\s*-(?:\s|$))|uses:\s*(?:azure|google|actions-hub|steebchen)\/(?:\S*(?:k8s|kube|gke|aks))/i

/** What the texts apply as it is. */
export const appliedManifests = memo((texts: readonly Source[]): readonly AppliedManifest[] =>
  texts.flatMap(source =>
    /\bkubectl\b[^\n]*\bapply\b/.test(source.text) && !CHANGES.test(source.text)
      ? commandsIn(source).flatMap(appliedBy)
      : [],
  ),
)

function commandsIn(source: Source): readonly FollowedCommand[] {
  if (!isYaml(source)) return setupCommands(source)
  return workflowSteps(source).flatMap(step => ('scripts' in step ? [...followedCommands(step.scripts)] : []))
}

function appliedBy({ words }: FollowedCommand): readonly AppliedManifest[] {
  const [program] = words
  if (program?.text !== 'kubectl' || !words.some(({ text }) => text === 'apply')) return []
  return words.flatMap((word, at) => {
    const glued = /^(?:-f|--filename)=(.+)$/.exec(word.text)?.[1]
    const path = /^(?:-f|--filename)$/.test(words[at - 1]?.text ?? '') ? word.text : glued
    if (path === undefined || !/^[\w./-]+$/.test(path)) return []
    return [{ path: cleanPath(path).replace(/^(?:\.?\/)+/, ''), at: placeAcross(program, word) }]
  })
}
