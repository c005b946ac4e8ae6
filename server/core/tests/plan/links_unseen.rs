//! Links of which one end cannot be seen.

use crate::check::check;
use expect_test::expect;

#[test]
fn a_child_of_a_parent_that_cannot_be_seen_stays() {
    check(
        "
        links L remove
        hidden A
        link L A>B
        rows
          A me
            B L
        ",
        expect![[r#"
            held remove B: Inaccessible (L)
            --
            A
              B
        "#]],
    );
}

#[test]
fn an_end_that_cannot_be_seen_gets_no_row_and_is_no_parent() {
    check(
        "
        links L all
        outside A D
        link L A>B C>B B>D
        rows
        ",
        expect![[r#"
            add C at the top (L Linked)
            add B under C (L LinkedToParent)
            +L C
            +L B
            held add A: Inaccessible (L)
            held add D under B: Inaccessible (L)
            --
            C
              B
        "#]],
    );
}

#[test]
fn what_is_linked_below_and_cannot_be_seen_gets_no_row() {
    check(
        "
        links L expand
        outside B X
        link L A>B B>C X>A A>D
        rows
          A me
        ",
        expect![[r#"
            add D under A (L LinkedToParent)
            +L D
            held add B under A: Inaccessible (L)
            --
            A
              D
        "#]],
    );
}
