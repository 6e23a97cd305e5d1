/**
 * The syntax tree of one nginx file: plain data, offsets on every node, nothing resolved.
 *
 * Offsets are UTF-16 and half-open, into `Source.code` and `Source.text` alike.
 */

/** A word, quotes included in the offsets; `value` is what nginx holds after its own unescaping. */
export interface NginxWord {
  readonly start: number
  readonly end: number
  readonly value: string
}

/** `name arg arg;` or `name arg { … }`. `end` lies behind the `;` or `}`, or where the file ended. */
export interface NginxDirectiveNode {
  readonly kind: 'directive'
  readonly start: number
  readonly end: number
  readonly name: NginxWord
  readonly args: readonly NginxWord[]
  readonly block: NginxBlock | null
  /** Offset of the `;` or `{` that ended the arguments: nginx names the line on which it read that. */
  readonly terminator: number
}

/** From `{` to behind `}`. */
export interface NginxBlock {
  readonly kind: 'block'
  readonly start: number
  readonly end: number
  /** In the order in which they end: a comment between a directive's arguments comes before it. */
  readonly children: readonly NginxNode[]
}

/** The body of an OpenResty `*_by_lua_block`, braces included; the text is Lua's, not nginx's. */
export interface NginxLuaNode {
  readonly kind: 'lua'
  readonly start: number
  readonly end: number
}

export interface NginxCommentNode {
  readonly kind: 'comment'
  readonly start: number
  readonly end: number
}

/** A stretch that nginx could not have read; the tree goes on behind it. */
export interface NginxInvalidNode {
  readonly kind: 'invalid'
  readonly start: number
  readonly end: number
}

export type NginxNode = NginxDirectiveNode | NginxLuaNode | NginxCommentNode | NginxInvalidNode

export type NginxSyntaxCode =
  | 'unexpected-semicolon'
  | 'unexpected-open-brace'
  | 'brace-in-pattern'
  | 'unexpected-close-brace'
  | 'unexpected-after-quote'
  | 'unexpected-end-of-file'
  | 'too-long-parameter'

/** What nginx was still reading when it met a problem: the quote itself, or the name of the directive. */
export interface NginxUnfinished {
  readonly what: 'quote' | 'directive' | 'block'
  readonly start: number
  readonly end: number
}

export interface NginxSyntaxProblem {
  readonly code: NginxSyntaxCode
  readonly message: string
  readonly start: number
  readonly end: number
  readonly unfinished: NginxUnfinished | null
}

export interface NginxTree {
  readonly children: readonly NginxNode[]
  /** In the order in which nginx would have met them; nginx itself stops at the first. */
  readonly problems: readonly NginxSyntaxProblem[]
}
