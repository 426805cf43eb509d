/**
 * The part of PostgreSQL's grammar that a caller may use: every node type, and for each its fields. What is not here is
 * refused, so a construct that a later grammar brings stays outside until somebody adds it.
 */

/**
 * What a field holds: `node` and `nodes` are wrapped in their type's name (`{"ColumnRef": {…}}`), another type's name is
 * that type unwrapped, `leaf` is a scalar or an object of scalars and is not walked.
 */
export type FieldKind = 'leaf' | 'node' | 'nodes' | NodeType

/** A node type that may occur in a statement. */
export type NodeType = keyof typeof FIELDS_OF

/** The fields of a node type, or undefined for a type that must not occur. */
export function fieldsOf(type: string): ReadonlyMap<string, FieldKind> | undefined {
  return NODE_FIELDS.get(type)
}

/** `leaf:a,b node:c WindowDef:over` */
const FIELDS_OF = {
  A_ArrayExpr: 'nodes:elements leaf:list_start,list_end',
  A_Const: 'leaf:ival,fval,boolval,sval,bsval,isnull',
  A_Expr: 'nodes:name node:lexpr,rexpr leaf:kind,rexpr_list_start,rexpr_list_end',
  A_Indices: 'node:lidx,uidx leaf:is_slice',
  A_Indirection: 'node:arg nodes:indirection',
  A_Star: '',
  Alias: 'leaf:aliasname nodes:colnames',
  BitString: 'leaf:bsval',
  BoolExpr: 'leaf:boolop nodes:args',
  Boolean: 'leaf:boolval',
  BooleanTest: 'node:arg leaf:booltesttype',
  CTECycleClause:
    'nodes:cycle_col_list node:cycle_mark_value,cycle_mark_default leaf:cycle_mark_column,cycle_path_column',
  CTESearchClause: 'nodes:search_col_list leaf:search_breadth_first,search_seq_column',
  CaseExpr: 'node:arg,defresult nodes:args',
  CaseWhen: 'node:expr,result',
  CoalesceExpr: 'nodes:args',
  CollateClause: 'node:arg nodes:collname',
  ColumnDef: 'TypeName:typeName CollateClause:collClause leaf:colname,is_local',
  ColumnRef: 'nodes:fields',
  CommonTableExpr:
    'nodes:aliascolnames node:ctequery CTESearchClause:search_clause CTECycleClause:cycle_clause leaf:ctename,ctematerialized',
  Float: 'leaf:fval',
  FuncCall:
    'nodes:funcname,args,agg_order node:agg_filter WindowDef:over leaf:agg_within_group,agg_star,agg_distinct,func_variadic,funcformat',
  GroupingFunc: 'nodes:args',
  GroupingSet: 'leaf:kind nodes:content',
  Integer: 'leaf:ival',
  JoinExpr: 'node:larg,rarg,quals nodes:usingClause Alias:join_using_alias,alias leaf:jointype,isNatural,rtindex',
  JsonAggConstructor: 'JsonOutput:output node:agg_filter nodes:agg_order WindowDef:over',
  JsonArgument: 'JsonValueExpr:val leaf:name',
  JsonArrayAgg: 'JsonAggConstructor:constructor JsonValueExpr:arg leaf:absent_on_null',
  JsonArrayConstructor: 'nodes:exprs JsonOutput:output leaf:absent_on_null',
  JsonArrayQueryConstructor: 'node:query JsonOutput:output JsonFormat:format leaf:absent_on_null',
  JsonBehavior: 'node:expr leaf:btype,coerce',
  JsonFormat: 'leaf:format_type,encoding',
  JsonFuncExpr:
    'JsonValueExpr:context_item node:pathspec nodes:passing JsonOutput:output JsonBehavior:on_empty,on_error leaf:op,column_name,wrapper,quotes',
  JsonIsPredicate: 'node:expr JsonFormat:format leaf:item_type,unique_keys',
  JsonKeyValue: 'node:key JsonValueExpr:value',
  JsonObjectAgg: 'JsonAggConstructor:constructor JsonKeyValue:arg leaf:absent_on_null,unique',
  JsonObjectConstructor: 'nodes:exprs JsonOutput:output leaf:absent_on_null,unique',
  JsonOutput: 'TypeName:typeName JsonReturning:returning',
  JsonParseExpr: 'JsonValueExpr:expr JsonOutput:output leaf:unique_keys',
  JsonReturning: 'JsonFormat:format leaf:typid,typmod',
  JsonScalarExpr: 'node:expr JsonOutput:output',
  JsonSerializeExpr: 'JsonValueExpr:expr JsonOutput:output',
  JsonTable:
    'JsonValueExpr:context_item JsonTablePathSpec:pathspec nodes:passing,columns JsonBehavior:on_error Alias:alias leaf:lateral',
  JsonTableColumn:
    'TypeName:typeName JsonTablePathSpec:pathspec JsonFormat:format nodes:columns JsonBehavior:on_empty,on_error leaf:coltype,name,wrapper,quotes',
  JsonTablePathSpec: 'node:string leaf:name,name_location',
  JsonValueExpr: 'node:raw_expr,formatted_expr JsonFormat:format',
  List: 'nodes:items',
  MinMaxExpr: 'leaf:op nodes:args',
  NamedArgExpr: 'node:arg leaf:name,argnumber',
  NullTest: 'node:arg leaf:nulltesttype,argisrow',
  ParamRef: 'leaf:number',
  RangeFunction: 'nodes:functions,coldeflist Alias:alias leaf:lateral,ordinality,is_rowsfrom',
  RangeSubselect: 'node:subquery Alias:alias leaf:lateral',
  RangeTableSample: 'node:relation,repeatable nodes:method,args',
  RangeVar: 'leaf:catalogname,schemaname,relname,inh,relpersistence Alias:alias',
  ResTarget: 'leaf:name node:val',
  RowExpr: 'nodes:args leaf:row_format',
  SQLValueFunction: 'leaf:op,typmod',
  SelectStmt:
    'nodes:distinctClause,targetList,fromClause,groupClause,windowClause,valuesLists,sortClause node:whereClause,havingClause,limitOffset,limitCount WithClause:withClause SelectStmt:larg,rarg leaf:groupDistinct,limitOption,op,all',
  SortBy: 'node:node nodes:useOp leaf:sortby_dir,sortby_nulls',
  String: 'leaf:sval',
  SubLink: 'node:testexpr,subselect nodes:operName leaf:subLinkType,subLinkId',
  TypeCast: 'node:arg TypeName:typeName',
  TypeName: 'nodes:names,typmods,arrayBounds leaf:typemod',
  WindowDef: 'nodes:partitionClause,orderClause node:startOffset,endOffset leaf:name,refname,frameOptions',
  WithClause: 'nodes:ctes leaf:recursive',
} as const

const NODE_FIELDS: ReadonlyMap<string, ReadonlyMap<string, FieldKind>> = new Map(
  Object.entries(FIELDS_OF).map(([type, text]) => [type, readFields(text)]),
)

function readFields(text: string): ReadonlyMap<string, FieldKind> {
  const fields = new Map<string, FieldKind>([['location', 'leaf']])
  for (const group of text.split(' ').filter((part) => part !== '')) {
    const [kind, names = ''] = group.split(':')
    for (const name of names.split(',')) fields.set(name, kind as FieldKind)
  }
  return fields
}
