import type { Node } from 'web-tree-sitter'
import { matchesShellPattern } from '../wildcard/shell-pattern.ts'
import { blurAssigned } from './blur-assigned.ts'
import { expandWord } from './expand-word.ts'
import { runCommand } from './run-command.ts'
import { expandArguments } from './record-command.ts'
import type { Scope } from './scope.ts'
import { placeOf, type ScriptRun, takeSteps } from './script-run.ts'
import { type ShellWord, splitWords } from './split-words.ts'
import { type Status, testExpression } from './test-expression.ts'

const BRANCH = 'a condition that only the running shell can decide'

/** Executes statements one after the other on values; the result is the exit status of the last. */
export function runStatements(nodes: readonly Node[], scope: Scope, run: ScriptRun): Status {
  let status: Status = true
  for (let index = 0; index < nodes.length; index++) {
    if (scope.ended === true) return status
    if (scope.ended === 'maybe') {
      takeSteps(run.steps, scope.size)
      const onward = scope.copy()
      onward.ended = false
      if (run.record !== null) run.record.undecided++
      runStatements(nodes.slice(index), onward, run)
      if (run.record !== null) run.record.undecided--
      const ended = scope.copy()
      ended.ended = true
      scope.become([ended, onward], BRANCH)
      return undefined
    }
    const node = nodes[index]!
    if (!node.isNamed || node.type === 'comment') continue
    if (node.hasError) {
      scope.blurAll('the script could not be read here')
      status = undefined
      continue
    }
    const next = node.nextSibling
    // A statement in the background runs in a shell of its own.
    if (next?.type === '&') {
      aside('background', scope, run, inner => runStatement(node, inner, run))
      continue
    }
    if (
      next?.isNamed === true &&
      next.type !== 'comment' &&
      next.startIndex === node.endIndex &&
      !endsLine(node)
    ) {
      blurAssigned(
        textOf(node, run) + textOf(next, run),
        'the script could not be read here',
        scope,
        run.functions,
        run.steps,
      )
      index++
      status = undefined
      continue
    }
    takeSteps(run.steps, 1)
    status = runStatement(node, scope, run)
  }
  return status
}

function endsLine(node: Node): boolean {
  return node.text.endsWith('\n') || node.text.endsWith(';')
}

function textOf(node: Node, run: ScriptRun): string {
  return run.source.code.slice(node.startIndex, node.endIndex)
}

function runStatement(node: Node, scope: Scope, run: ScriptRun): Status {
  switch (node.type) {
    case 'variable_assignment':
    case 'variable_assignments':
    case 'command':
    case 'declaration_command':
    case 'unset_command':
      return runCommand(splitWords(run.source.code, node.startIndex, node.endIndex), scope, run)
    case 'test_command':
      return runTest(node, scope, run)
    case 'negated_command': {
      const status = runStatements(node.namedChildren, scope, run)
      return status === undefined ? undefined : !status
    }
    case 'list':
      return runList(node, scope, run)
    case 'if_statement':
      return runBranches(ifBranches(node), scope, run)
    case 'case_statement':
      return runBranches(caseBranches(node), scope, run)
    case 'function_definition': {
      const name = node.childForFieldName('name')?.text
      const body = node.childForFieldName('body')
      if (name !== undefined) run.functions.set(name, body?.text ?? '')
      if (name !== undefined && body !== null) run.bodies.set(name, body)
      return true
    }
    case 'redirected_statement': {
      const body = node.childForFieldName('body')
      return body === null ? true : runStatements([body], scope, run)
    }
    case 'compound_statement':
      if (node.firstChild?.type === '{') return runStatements(node.namedChildren, scope, run)
      break
    case 'pipeline':
    case 'subshell':
      // Each runs in a shell of its own, whose variables die with it.
      aside(null, scope, run, inner => runStatements(node.namedChildren, inner, run))
      return undefined
    case 'for_statement':
    case 'c_style_for_statement':
    case 'while_statement':
      if (run.record !== null) runLoop(node, scope, run)
      break
    case 'heredoc_body':
    case 'heredoc_end':
      return true
  }
  if (node.isError || node.type === 'ERROR') scope.blurAll('the script could not be read before this')
  else
    blurAssigned(
      textOf(node, run),
      `a \`${node.type.replace(/_.*/, '')}\` may change it`,
      scope,
      run.functions,
      run.steps,
    )
  return undefined
}

/** Executes what leaves no variables behind, for the sake of the programs that it starts. */
function aside(
  kind: 'undecided' | 'background' | null,
  scope: Scope,
  { record, steps }: ScriptRun,
  execute: (inner: Scope) => void,
): void {
  if (record === null) return
  takeSteps(steps, scope.size)
  if (kind !== null) record[kind]++
  execute(scope.copy())
  if (kind !== null) record[kind]--
}

/** No script calls more functions. */
const MOST_CALLS = 200

/** The body of a function, in a copy of the variables: what it changes is blurred by whoever calls. */
export function callFunction(name: string, args: readonly ShellWord[], scope: Scope, run: ScriptRun): void {
  const { record } = run
  const body = run.bodies.get(name)
  if (record === null || body === undefined || record.calls++ > MOST_CALLS) return
  takeSteps(run.steps, scope.size)
  const inner = scope.copy()
  inner.positional = expandArguments(args, scope, run)
  runStatements(body.type === 'compound_statement' ? body.namedChildren : [body], inner, run)
  if (inner.ended === true && isExec(body)) scope.ended = true
}

/** A function that ends in `exec` takes the place of the script. */
function isExec(body: Node): boolean {
  const last = body.namedChildren.filter(child => child.type !== 'comment').at(-1)
  return last?.type === 'command' && last.text.startsWith('exec ')
}

/** The body of a loop once: it may run any number of times. */
function runLoop(node: Node, scope: Scope, run: ScriptRun): void {
  const body = node.childForFieldName('body')
  if (body === null) return
  const inner = scope.copy()
  blurAssigned(textOf(node, run), 'a loop may change it', inner, run.functions, run.steps)
  inner.ended = false
  aside('undecided', inner, run, each => runStatements(body.namedChildren, each, run))
}

function runTest(node: Node, scope: Scope, run: ScriptRun): Status {
  const open = node.firstChild
  const close = node.lastChild
  if (open === null || close === null || (open.type !== '[' && open.type !== '[[')) return undefined
  const words = splitWords(run.source.code, open.endIndex, close.startIndex)
  return testExpression(
    words.map(word => expandWord(placeOf(word, run), scope)),
    open.type === '[[',
    run.options.kind,
  )
}

function runList(node: Node, scope: Scope, run: ScriptRun): Status {
  const [left, operator, right] = node.children
  if (left === undefined || right === undefined) return undefined
  const status = runStatements([left], scope, run)
  const wanted = operator?.type === '&&'
  if (status === undefined) {
    takeSteps(run.steps, scope.size)
    const taken = scope.copy()
    // What stands behind `||` is for the case that the first fails.
    if (run.record !== null && !wanted) run.record.undecided++
    runStatements([right], taken, run)
    if (run.record !== null && !wanted) run.record.undecided--
    scope.become([taken, scope.copy()], BRANCH)
    return undefined
  }
  return status === wanted ? runStatements([right], scope, run) : status
}

/** One way through an `if` or a `case`: its condition, and what is executed where it holds. */
interface Branch {
  readonly holds: (scope: Scope, run: ScriptRun) => Status
  readonly body: readonly Node[]
}

function runBranches(branches: readonly Branch[], scope: Scope, run: ScriptRun): Status {
  const [branch, ...others] = branches
  if (branch === undefined) return true
  const holds = branch.holds(scope, run)
  if (holds === true) return runStatements(branch.body, scope, run)
  if (holds === false) return runBranches(others, scope, run)
  takeSteps(run.steps, scope.size)
  const taken = scope.copy()
  if (run.record !== null) run.record.undecided++
  runStatements(branch.body, taken, run)
  const passed = scope.copy()
  runBranches(others, passed, run)
  if (run.record !== null) run.record.undecided--
  scope.become([taken, passed], BRANCH)
  return undefined
}

function ifBranches(node: Node): readonly Branch[] {
  const clauses = node.children.filter(child => child.type === 'elif_clause' || child.type === 'else_clause')
  const own = node.children.filter(child => child.type !== 'elif_clause' && child.type !== 'else_clause')
  return [branchOf(own), ...clauses.map(clause => branchOf(clause.children))]
}

/** `if … then …`, `elif … then …` or `else …`, keywords included. */
function branchOf(nodes: readonly Node[]): Branch {
  const then = nodes.findIndex(node => node.type === 'then')
  if (then === -1) return { holds: () => true, body: nodes.slice(1) }
  const condition = nodes.slice(1, then)
  return {
    holds: (scope, run) => runStatements(condition, scope, run),
    body: nodes.slice(then + 1).filter(node => node.type !== 'fi'),
  }
}

function caseBranches(node: Node): readonly Branch[] {
  const subject = node.childForFieldName('value')
  return node.children
    .filter(child => child.type === 'case_item')
    .map(item => {
      const children = item.children
      const paren = children.findIndex(child => child.type === ')')
      const last = children.at(-1)?.type
      return {
        body: children.slice(paren + 1).filter(child => child.isNamed),
        holds: (scope: Scope, run: ScriptRun) => {
          if (subject === null || last === ';&' || last === ';;&') return undefined
          return holdsCase(subject, item, children[paren], scope, run)
        },
      }
    })
}

function holdsCase(subject: Node, item: Node, paren: Node | undefined, scope: Scope, run: ScriptRun): Status {
  const { code } = run.source
  const place = { source: run.source, start: subject.startIndex, end: subject.endIndex }
  const { value } = expandWord(place, scope)
  const written = code.slice(item.startIndex, paren?.startIndex ?? item.startIndex).replace(/^\s*\(/, '')
  const patterns = written.split('|').map(pattern => pattern.trim())
  let status: Status = false
  for (const pattern of patterns) {
    const matches = pattern === '*' ? true : value.known ? matchesWritten(pattern, value.value) : undefined
    if (matches === true) return true
    if (matches === undefined) status = undefined
  }
  return status
}

/** A pattern as written; one that holds an expansion is left to the shell. */
function matchesWritten(pattern: string, text: string): Status {
  const quoted = /^(?:"([^"$`\\]*)"|'([^']*)')$/.exec(pattern)
  if (quoted !== null) return (quoted[1] ?? quoted[2]) === text
  return /["'$`]/.test(pattern) ? undefined : matchesShellPattern(pattern, text)
}
