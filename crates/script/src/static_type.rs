//! What is known of an expression before the script runs.

/// The type of an expression or variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StaticType {
    /// A number or boolean that lives unboxed in a register.
    Primitive(Primitive),
    /// Known when the script runs.
    Def,
    /// An object of a known class.
    Class(Class),
}

/// The unboxed types. `boolean` is among them, but is no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Primitive {
    Boolean,
    Byte,
    Short,
    Char,
    Int,
    Long,
    Float,
    Double,
}

/// The classes of the subset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    Text,
    List,
    Map,
    Set,
    Boolean,
    Byte,
    Short,
    Character,
    Integer,
    Long,
    Float,
    Double,
    Number,
    Date,
}

impl StaticType {
    pub(crate) const BOOLEAN: StaticType = StaticType::Primitive(Primitive::Boolean);
    pub(crate) const INT: StaticType = StaticType::Primitive(Primitive::Int);
    pub(crate) const DOUBLE: StaticType = StaticType::Primitive(Primitive::Double);
    pub(crate) const TEXT: StaticType = StaticType::Class(Class::Text);

    /// The type that a script calls by that name.
    pub(crate) fn named(name: &str) -> Option<StaticType> {
        Some(match name {
            "boolean" => StaticType::BOOLEAN,
            "byte" => StaticType::Primitive(Primitive::Byte),
            "short" => StaticType::Primitive(Primitive::Short),
            "char" => StaticType::Primitive(Primitive::Char),
            "int" => StaticType::INT,
            "long" => StaticType::Primitive(Primitive::Long),
            "float" => StaticType::Primitive(Primitive::Float),
            "double" => StaticType::DOUBLE,
            "def" | "Object" | "Map.Entry" => StaticType::Def,
            "String" | "CharSequence" => StaticType::TEXT,
            "List" | "ArrayList" | "Collection" | "Iterable" => StaticType::Class(Class::List),
            "Map" | "HashMap" | "LinkedHashMap" | "TreeMap" => StaticType::Class(Class::Map),
            "Set" | "HashSet" | "LinkedHashSet" => StaticType::Class(Class::Set),
            "Boolean" => StaticType::Class(Class::Boolean),
            "Byte" => StaticType::Class(Class::Byte),
            "Short" => StaticType::Class(Class::Short),
            "Character" => StaticType::Class(Class::Character),
            "Integer" => StaticType::Class(Class::Integer),
            "Long" => StaticType::Class(Class::Long),
            "Float" => StaticType::Class(Class::Float),
            "Double" => StaticType::Class(Class::Double),
            "Number" => StaticType::Class(Class::Number),
            "ZonedDateTime" | "JodaCompatibleZonedDateTime" => StaticType::Class(Class::Date),
            _ => return None,
        })
    }

    pub(crate) fn is_primitive_name(name: &str) -> bool {
        matches!(StaticType::named(name), Some(StaticType::Primitive(_)))
    }

    /// What upstream calls the type in its messages.
    pub(crate) fn java_name(self) -> &'static str {
        match self {
            StaticType::Primitive(primitive) => primitive.name(),
            StaticType::Def => "def",
            StaticType::Class(class) => class.java_name(),
        }
    }

    pub(crate) fn primitive(self) -> Option<Primitive> {
        match self {
            StaticType::Primitive(primitive) => Some(primitive),
            StaticType::Class(class) => class.unboxed(),
            StaticType::Def => None,
        }
    }
}

impl Primitive {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Primitive::Boolean => "boolean",
            Primitive::Byte => "byte",
            Primitive::Short => "short",
            Primitive::Char => "char",
            Primitive::Int => "int",
            Primitive::Long => "long",
            Primitive::Float => "float",
            Primitive::Double => "double",
        }
    }

    pub(crate) fn is_number(self) -> bool {
        self != Primitive::Boolean
    }

    pub(crate) fn is_fraction(self) -> bool {
        matches!(self, Primitive::Float | Primitive::Double)
    }

    /// The type in which two numbers are combined (Java's binary numeric promotion).
    pub(crate) fn promoted(self, other: Primitive) -> Primitive {
        self.max(other).max(Primitive::Int)
    }

    /// Whether a value can become the other type without a cast.
    pub(crate) fn widens_to(self, wider: Primitive) -> bool {
        if self == wider {
            return true;
        }
        match (self, wider) {
            (Primitive::Boolean, _)
            | (_, Primitive::Boolean | Primitive::Byte | Primitive::Char) => false,
            (Primitive::Char, Primitive::Short) => false,
            _ => self < wider,
        }
    }
}

impl Class {
    pub(crate) fn java_name(self) -> &'static str {
        match self {
            Class::Text => "java.lang.String",
            Class::List => "java.util.List",
            Class::Map => "java.util.Map",
            Class::Set => "java.util.Set",
            Class::Boolean => "java.lang.Boolean",
            Class::Byte => "java.lang.Byte",
            Class::Short => "java.lang.Short",
            Class::Character => "java.lang.Character",
            Class::Integer => "java.lang.Integer",
            Class::Long => "java.lang.Long",
            Class::Float => "java.lang.Float",
            Class::Double => "java.lang.Double",
            Class::Number => "java.lang.Number",
            Class::Date => "java.time.ZonedDateTime",
        }
    }

    pub(crate) fn unboxed(self) -> Option<Primitive> {
        Some(match self {
            Class::Boolean => Primitive::Boolean,
            Class::Byte => Primitive::Byte,
            Class::Short => Primitive::Short,
            Class::Character => Primitive::Char,
            Class::Integer => Primitive::Int,
            Class::Long => Primitive::Long,
            Class::Float => Primitive::Float,
            Class::Double => Primitive::Double,
            _ => return None,
        })
    }
}
